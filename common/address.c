#include "address.h"

#include <arpa/inet.h>
#include <string.h>

const char address_expected[] = "unix:/path (107 bytes at most), host:port or [IPv6]:port";

enum { PORT_MAX = 65535 };

static const char unix_prefix[] = "unix:";

static const char host_bytes[] =
    "0123456789-._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Only digits: unlike strtol(3), it accepts neither a sign nor blanks. */
static bool read_port(const char *text, int *port)
{
    size_t length = strlen(text);
    *port = 0;
    if (length < 1 || length > 5 || strspn(text, "0123456789") != length)
        return false;
    for (; *text; text++)
        *port = *port * 10 + (*text - '0');
    return *port >= 1 && *port <= PORT_MAX;
}

static bool read_path(struct address *address, const char *path)
{
    size_t size = strlen(path) + 1;
    address->is_unix = true;
    if (path[0] != '/' || size > sizeof address->path || path[size - 2] == '/')
        return false;
    memcpy(address->path, path, size);
    return true;
}

static bool read_host(struct address *address, const char *host, size_t length)
{
    if (length == 0 || length > ADDRESS_HOST_MAX - 1)
        return false;
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    return true;
}

/* Whether a resolver could ever find it: no label is empty or begins with a hyphen (RFC 1123,
   section 2.1). A host that ends in a number is an IPv4 address, as no top-level domain is a
   number. */
static bool is_name(const char *host)
{
    const char *label = host;
    size_t length = 0;
    for (const char *at = host; *at; at += length + (at[length] == '.')) {
        length = strcspn(at, ".");
        if (length == 0 || *at == '-')
            return false;
        label = at;
    }
    struct in_addr ignored;
    return strspn(label, "0123456789") != length || inet_aton(host, &ignored) != 0;
}

static bool is_ipv6(const char *text)
{
    struct in6_addr ignored;
    return inet_pton(AF_INET6, text, &ignored) == 1;
}

bool address_read(struct address *address, const char *text, int default_port)
{
    *address = (struct address){.port = default_port};
    if (strncmp(text, unix_prefix, strlen(unix_prefix)) == 0)
        return read_path(address, text + strlen(unix_prefix));
    const char *rest;
    if (text[0] == '[') {
        rest = strchr(text, ']');
        if (!rest || !read_host(address, text + 1, (size_t)(rest - text - 1)) ||
            !is_ipv6(address->host))
            return false;
        rest++;
    } else {
        size_t length = strspn(text, host_bytes);
        if (!read_host(address, text, length) || !is_name(address->host))
            return false;
        rest = text + length;
    }
    return *rest == '\0' || (*rest == ':' && read_port(rest + 1, &address->port));
}
