#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const char *variable(FCGX_Request *fcgx, const char *name)
{
    const char *value = FCGX_GetParam(name, fcgx->envp);
    return value ? value : "";
}

static enum request_method method_of(const char *name)
{
    if (strcmp(name, "GET") == 0)
        return METHOD_GET;
    if (strcmp(name, "POST") == 0)
        return METHOD_POST;
    return strcmp(name, "HEAD") == 0 ? METHOD_HEAD : METHOD_OTHER;
}

/* Letters, digits and .-_ only: an id goes into logs and headers as it is. */
static bool is_sane_id(const char *id)
{
    size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");
    return length > 0 && length <= REQUEST_ID_MAX && id[length] == '\0';
}

static void make_id(char id[REQUEST_ID_MAX + 1])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char random[12] = {0};
    ssize_t got = getrandom(random, sizeof random, 0); /* so few bytes come at once */
    (void)got;
    for (size_t i = 0; i < sizeof random; i++) {
        id[2 * i] = hex[random[i] >> 4];
        id[2 * i + 1] = hex[random[i] & 15];
    }
    id[2 * sizeof random] = '\0';
}

bool request_read(struct request *request, FCGX_Request *fcgx, const struct settings *settings,
                  struct request_fault *fault)
{
    /* lighttpd passes a POST without Content-Length on as a GET and says so (again.lua). */
    const char *method = variable(fcgx, "REDIRECT_REQUEST_METHOD");
    request->method = method_of(*method ? method : variable(fcgx, "REQUEST_METHOD"));
    /* The program is the one script of its server: all of the path is behind its name, which is
       empty (RFC 3875, sections 4.1.5 and 4.1.13). Web servers agree on little else. */
    request->path = variable(fcgx, "PATH_INFO");
    request->remote_user = variable(fcgx, "REMOTE_USER");
    request->if_none_match = variable(fcgx, "HTTP_IF_NONE_MATCH");

    const char *id = variable(fcgx, "HTTP_X_REQUEST_ID");
    if (is_sane_id(id))
        memcpy(request->id, id, strlen(id) + 1);
    else
        make_id(request->id);

    /* libfcgi does not skip what is left unread: it would be taken for the next request. */
    int length = FCGX_GetStr(request->body, settings->http.body_bytes_max + 1, fcgx->in);
    request->body_length = length > 0 ? (size_t)length : 0;
    if (length > settings->http.body_bytes_max) {
        fcgx->keepConnection = 0;
        fault->outcome = OUTCOME_BODY_TOO_LARGE;
        snprintf(fault->detail, sizeof fault->detail, "The body may have %d bytes.",
                 settings->http.body_bytes_max);
        return false;
    }
    return true;
}

static bool has_type(const char *content_type, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncasecmp(content_type, wanted, length) == 0 &&
           strchr("; \t", content_type[length]) != NULL;
}

bool request_read_parameters(struct request *request, FCGX_Request *fcgx, unsigned wanted,
                             struct request_fault *fault)
{
    struct parameter_fault why;
    parameters_begin(&request->parameters, wanted);

    const char *query = variable(fcgx, "QUERY_STRING");
    bool good = parameters_from_form(&request->parameters, query, strlen(query), &why);
    if (good && request->body_length > 0) {
        const char *type = variable(fcgx, "CONTENT_TYPE");
        struct parameters from_body;
        parameters_begin(&from_body, wanted);
        if (has_type(type, "application/json"))
            good = parameters_from_json(&from_body, request->body, request->body_length, &why);
        else if (has_type(type, "application/x-www-form-urlencoded"))
            good = parameters_from_form(&from_body, request->body, request->body_length, &why);
        if (good)
            parameters_complete(&request->parameters, &from_body);
    }
    if (good)
        return true;

    fault->outcome = OUTCOME_BAD_REQUEST;
    snprintf(fault->detail, sizeof fault->detail, "%s%s%s.", why.name ? why.name : "",
             why.name ? ": " : "", why.what);
    return false;
}
