/* A checkout's code: a text that is read is written back unchanged, and a code that is written is
 * read. */
#include "fcgi/sale/code.h"

#include <assert.h>
#include <string.h>

#include "fuzz.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_text_of_code(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == '\0' || !strchr(alphabet, data[i]))
            return false;
    return size == CODE_LENGTH;
}

static void read_text(const uint8_t *data, size_t size)
{
    struct code code;
    char text[CODE_LENGTH + 1];
    if (code_parse((const char *)data, size, &code)) {
        assert(is_text_of_code(data, size));
        assert(code.sale_id > 0 && code.number > 0);
        code_format(&code, text);
        assert(strlen(text) == size && memcmp(text, data, size) == 0);
    } else if (is_text_of_code(data, size)) {
        assert(code.sale_id <= 0 || code.number <= 0);
    }
}

/* The input as the bytes of a code, not as its text. */
static void write_and_read(const uint8_t *data, size_t size)
{
    struct code code, again;
    char text[CODE_LENGTH + 1];
    if (size != sizeof code)
        return;
    memcpy(&code, data, sizeof code);
    code_format(&code, text);
    assert(is_text_of_code((const uint8_t *)text, strlen(text)));
    assert(code_parse(text, CODE_LENGTH, &again) == (code.sale_id > 0 && code.number > 0));
    assert(again.sale_id == code.sale_id && again.number == code.number);
    assert(memcmp(again.secret, code.secret, CODE_SECRET_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_text(data, size);
    write_and_read(data, size);
    return 0;
}
