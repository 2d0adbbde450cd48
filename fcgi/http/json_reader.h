/*
 * Reads a JSON object (RFC 8259) with json-c, strictly: whatever json-c 0.16 or 0.18 accepts beyond
 * RFC 8259, or misreads, is refused or rewritten before json-c gets it (json_reader.c). A reader
 * belongs to one thread, and reads one text after another.
 */
#ifndef FCGI_HTTP_JSON_READER_H
#define FCGI_HTTP_JSON_READER_H

#include <json-c/json_object.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 8 }; /* nested objects and arrays, the outermost included */

enum json_result { JSON_READ, JSON_MALFORMED, JSON_OUT_OF_MEMORY };

struct json_reader;

/* A text of up to `bytes_max` bytes does not enlarge the token buffer. NULL: out of memory. */
struct json_reader *json_reader_new(size_t bytes_max);
void json_reader_free(struct json_reader *reader);

/*
 * JSON_READ: the text is one object and whitespace, in UTF-8 without a byte order mark. The caller
 * owns *object, and frees it by json_object_put(). Of two members with one name it has the last.
 * JSON_MALFORMED: it is something else, or too deep, or a member's name has a U+0000.
 */
enum json_result json_reader_read(struct json_reader *reader, const char *text, size_t length,
                                  struct json_object **object) __attribute__((warn_unused_result));

#endif
