/* GET /openapi.json: the OpenAPI 3.1 document, openapi.json in this folder. */
#include "endpoints.h"

/* The Makefile makes openapi.min.json, and passes BUILD_DIR to the assembler as an include path. */
__asm__(".pushsection .rodata\n"
        ".balign 4\n"
        ".globl openapi_document, openapi_document_bytes\n"
        ".hidden openapi_document, openapi_document_bytes\n"
        "openapi_document_bytes:\n"
        ".int openapi_document_end - openapi_document\n"
        "openapi_document:\n"
        ".incbin \"fcgi/api/openapi.min.json\"\n"
        "openapi_document_end:\n"
        ".popsection\n");

extern const char openapi_document[] __attribute__((visibility("hidden")));
extern const uint32_t openapi_document_bytes __attribute__((visibility("hidden")));

void openapi_read(const struct settings *settings, const struct request *request,
                  struct reply *reply)
{
    (void)settings;
    (void)request;
    reply->cache_control = "public, max-age=3600";
    text_add_bytes(&reply->body, openapi_document, openapi_document_bytes);
}
