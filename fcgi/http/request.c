#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "body_format.h"

static enum request_method method_of(const char *name)
{
    if (strcmp(name, "GET") == 0)
        return METHOD_GET;
    if (strcmp(name, "POST") == 0)
        return METHOD_POST;
    return strcmp(name, "HEAD") == 0 ? METHOD_HEAD : METHOD_OTHER;
}

/* An id goes into logs and headers as it is: only letters, digits and .-_ are allowed. */
static bool is_sane_id(const char *id)
{
    size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");
    return length > 0 && length <= REQUEST_ID_MAX && id[length] == '\0';
}

static void make_id(char id[REQUEST_ID_MAX + 1])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char random[12] = {0};
    ssize_t got = getrandom(random, sizeof random, 0); /* so few bytes come in one call */
    (void)got;
    for (size_t i = 0; i < sizeof random; i++) {
        id[2 * i] = hex[random[i] >> 4];
        id[2 * i + 1] = hex[random[i] & 15];
    }
    id[2 * sizeof random] = '\0';
}

/*
 * Uses the target as it was sent (RFC 9112, section 3.2) if the web server passes it on: PATH_INFO
 * is decoded, so a slash that was data looks there like any other slash (RFC 3986, section 2.2).
 * Otherwise uses PATH_INFO: this program is the only script of its server, so the script's name is
 * empty and PATH_INFO is the whole path (RFC 3875, sections 4.1.5 and 4.1.13).
 */
static void find_path(struct request *request, struct stream *stream)
{
    const char *target = stream_variable(stream, "REQUEST_URI");
    request->path_is_encoded = *target != '\0';
    request->path = *target ? target : stream_variable(stream, "PATH_INFO");
    const char *authority = *target && *target != '/' ? strstr(target, "://") : NULL;
    if (authority) { /* the absolute form; in http an empty path means "/" */
        const char *path = authority + strlen("://");
        path += strcspn(path, "/?#");
        request->path = *path == '/' ? path : "/";
    }
}

static void read_user(struct user *user, const char *sent)
{
    const struct span text = {sent, strlen(sent)};
    user->is_no_name = text.length > USER_NAME_BYTES_MAX ||
                       !parameter_is_text(text.bytes, text.length) ||
                       !user_name_read(text, user->room, &user->name);
    if (user->is_no_name)
        user->name.length = 0;
}

/* Whether CONTENT_LENGTH is `length`. If it is missing, only the stream's end tells that a body is
   whole, and the result is true (RFC 3875, section 4.1.2). */
static bool has_length(struct stream *stream, size_t length)
{
    const char *text = stream_variable(stream, "CONTENT_LENGTH");
    size_t digits = strspn(text, "0123456789");
    return text[digits] == '\0' && (digits == 0 || strtoull(text, NULL, 10) == length);
}

/* Reads the body, or refuses it. After a refusal the connection is closed: the unread rest would be
   read as the next request. A body of another length than announced is incomplete, and is refused
   (FastCGI 1.0, section 6.2). The body of a GET is not used, and web servers may omit it. */
static bool read_body(struct request *request, struct stream *stream,
                      const struct settings *settings, struct request_fault *fault)
{
    const int max = settings->http.body_bytes_max;
    request->body_length = stream_read(stream, request->body, (size_t)max + 1);
    if (request->body_length > (size_t)max) {
        fault->problem = &problem_body_too_large;
        snprintf(fault->detail, sizeof fault->detail, "The body may have %d bytes.", max);
    } else if (!stream_is_sound(stream) ||
               (request->method == METHOD_POST && !has_length(stream, request->body_length))) {
        fault->problem = &problem_bad_request;
        snprintf(fault->detail, sizeof fault->detail,
                 "The body is not as long as its Content-Length says.");
    } else {
        return true;
    }
    stream_close_after(stream);
    return false;
}

bool request_read(struct request *request, struct stream *stream, const struct settings *settings,
                  struct request_fault *fault)
{
    /* lighttpd passes on a POST without Content-Length as a GET, with this variable (again.lua). */
    const char *method = stream_variable(stream, "REDIRECT_REQUEST_METHOD");
    request->method = method_of(*method ? method : stream_variable(stream, "REQUEST_METHOD"));
    find_path(request, stream);
    read_user(&request->remote_user, stream_variable(stream, "REMOTE_USER"));
    request->if_none_match = stream_variable(stream, "HTTP_IF_NONE_MATCH");

    const char *id = stream_variable(stream, "HTTP_X_REQUEST_ID");
    if (is_sane_id(id))
        memcpy(request->id, id, strlen(id) + 1);
    else
        make_id(request->id);

    return read_body(request, stream, settings, fault);
}

bool request_read_parameters(struct request *request, struct stream *stream,
                             const struct parameter_alias *aliases, unsigned wanted,
                             struct request_fault *fault)
{
    struct parameter_fault why;
    parameters_begin(&request->parameters, aliases, wanted);

    const char *query = stream_variable(stream, "QUERY_STRING");
    bool good = parameters_from_form(&request->parameters, query, strlen(query), &why);
    /* In other methods a body has no meaning (RFC 9110, sections 9.3.1 and 9.3.2), and caches key
       their replies by the address alone (RFC 9111, section 2). */
    if (good && request->method == METHOD_POST && request->body_length > 0) {
        enum body_format format = body_format(stream_variable(stream, "CONTENT_TYPE"),
                                              stream_variable(stream, "HTTP_CONTENT_ENCODING"));
        struct parameters from_body;
        parameters_begin(&from_body, aliases, wanted);
        if (format == BODY_JSON) {
            good = parameters_from_json(&from_body, request->json_reader, request->body,
                                        request->body_length, &why);
        } else if (format == BODY_FORM && body_can_be_form(request->body, request->body_length)) {
            good = parameters_from_form(&from_body, request->body, request->body_length, &why);
        } else {
            fault->problem = &problem_unsupported_body;
            fault->detail[0] = '\0';
            return false;
        }
        if (good)
            parameters_complete(&request->parameters, &from_body);
    }
    if (good)
        return true;

    if (why.is_memory_short) {
        fault->problem = &problem_unavailable;
        fault->detail[0] = '\0';
        fault->retry_after_s = 1;
        return false;
    }
    fault->problem = &problem_bad_request;
    snprintf(fault->detail, sizeof fault->detail, "%s%s%s.", why.name ? why.name : "",
             why.name ? ": " : "", why.what);
    return false;
}
