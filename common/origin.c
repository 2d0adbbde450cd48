#include "origin.h"

#include <stdlib.h>

/* The scheme's length with "://", and the port that goes without saying. 0: another scheme. */
static size_t scheme_of(struct span text, int *own_port)
{
    static const struct {
        const char *text;
        int port;
    } schemes[] = {{"https://", 443}, {"http://", 80}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t length = strlen(schemes[i].text);
        if (text.length > length && memcmp(text.bytes, schemes[i].text, length) == 0) {
            *own_port = schemes[i].port;
            return length;
        }
    }
    return 0;
}

/* How many of the bytes from `at` on are in `allowed`. */
static size_t run_of(struct span text, size_t at, const char *allowed)
{
    size_t from = at;
    while (at < text.length && text.bytes[at] && strchr(allowed, text.bytes[at]))
        at++;
    return at - from;
}

bool origin_is_valid(struct span text)
{
    int own_port = 0;
    size_t at = scheme_of(text, &own_port);
    if (at == 0)
        return false;
    if (text.bytes[at] == '[') { /* an IPv6 address */
        size_t length = run_of(text, at + 1, "0123456789abcdef:.");
        at += length + 1;
        if (length == 0 || at == text.length || text.bytes[at] != ']')
            return false;
        at++;
    } else {
        size_t length = run_of(text, at, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
        at += length;
        if (length == 0)
            return false;
    }
    if (at == text.length)
        return true;
    char port[6] = "";
    size_t digits = text.bytes[at] == ':' ? run_of(text, at + 1, "0123456789") : 0;
    if (digits == 0 || digits >= sizeof port || at + 1 + digits != text.length ||
        text.bytes[at + 1] == '0')
        return false;
    memcpy(port, text.bytes + at + 1, digits);
    int number = atoi(port);
    return number <= 65535 && number != own_port;
}

struct span origin_next(const char **at)
{
    *at += strspn(*at, " ");
    const struct span word = {*at, strcspn(*at, " ")};
    *at += word.length;
    return word;
}
