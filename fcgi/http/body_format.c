#include "body_format.h"

#include <string.h>
#include <strings.h>

enum { CHARSET_MAX = 16 }; /* longer than any charset that is supported */

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

static bool is_word(const char *bytes, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(bytes, word, length) == 0;
}

/* Copies a token or a quoted string, and returns its end. A value that does not fit is cut: then it
   equals none of the words that are compared. NULL: it is neither (RFC 9110, section 5.6.4). */
static const char *read_value(const char *at, char *value, size_t size)
{
    bool is_quoted = *at == '"';
    size_t used = 0;
    for (at += is_quoted; *at != '\0'; at++) {
        if (is_quoted ? *at == '"' : strchr("; \t", *at) != NULL)
            break;
        if (is_quoted && *at == '\\' && at[1] != '\0')
            at++;
        if (used < size - 1)
            value[used++] = *at;
    }
    value[used] = '\0';
    if (is_quoted && *at != '"')
        return NULL;
    return at + is_quoted;
}

/* Whether the parameters after a media type are well-formed and say UTF-8 or nothing of it (RFC
   9110, section 5.6.6). */
static bool are_parameters_supported(const char *at)
{
    for (at = skip_space(at); *at == ';'; at = skip_space(at)) {
        at = skip_space(at + 1);
        size_t length = strcspn(at, "=; \t");
        if (length == 0)
            continue; /* parameters may be empty */
        if (at[length] != '=')
            return false;
        char value[CHARSET_MAX];
        bool is_charset = is_word(at, length, "charset");
        at = read_value(at + length + 1, value, sizeof value);
        if (!at)
            return false;
        if (is_charset && strcasecmp(value, "utf-8") != 0 && strcasecmp(value, "us-ascii") != 0)
            return false;
    }
    return *at == '\0';
}

/* Whether a Content-Encoding, which may be a list, names nothing but identity. */
static bool is_identity(const char *at)
{
    while (*at != '\0') {
        size_t length = strcspn(at, ", \t");
        if (length > 0 && !is_word(at, length, "identity"))
            return false;
        at += length;
        at += strspn(at, ", \t");
    }
    return true;
}

enum body_format body_format(const char *content_type, const char *content_encoding)
{
    const char *type = skip_space(content_type);
    size_t length = strcspn(type, "; \t");
    if (!is_identity(content_encoding) || !are_parameters_supported(type + length))
        return BODY_UNSUPPORTED;
    if (is_word(type, length, "application/json"))
        return BODY_JSON;
    if (is_word(type, length, "application/x-www-form-urlencoded"))
        return BODY_FORM;
    return BODY_UNSUPPORTED;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

static bool is_empty_object(const char *at, const char *end)
{
    if (at == end || *at != '{')
        return false;
    at = skip_blanks(at + 1, end);
    return at < end && *at == '}' && skip_blanks(at + 1, end) == end;
}

bool body_can_be_form(const char *body, size_t length)
{
    const char *end = body + length, *at = skip_blanks(body, end);
    if (is_empty_object(at, end))
        return true;
    if (at < end && (*at == '{' || *at == '[' || *at == '<'))
        return false;
    bool is_name = true;
    for (at = body; at < end; at++) {
        if (*at == '&' || *at == '=')
            is_name = *at == '&';
        else if (is_name && ((unsigned char)*at < ' ' || *at == 0x7f))
            return false;
    }
    return true;
}
