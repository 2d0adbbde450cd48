/*
 * Problems: why a request is refused (RFC 9457), and a table of those that do not depend on what is
 * sold. All texts are constants. Any thread.
 */
#ifndef FCGI_HTTP_PROBLEM_H
#define FCGI_HTTP_PROBLEM_H

struct problem {
    const char *name;   /* the end of its type, /problems/{name} (section 3.1.1) */
    const char *title;  /* the same for every occurrence (section 3.1.3) */
    const char *detail; /* what it means for the client, unless a reply has a detail of its own */
    const char *error;  /* the word for it that clients of older services know */
    int status;         /* of the reply (RFC 9110, section 15) */
};

/* The request is at fault: */
extern const struct problem problem_bad_request, problem_identity_mismatch, problem_cross_origin,
    problem_not_found, problem_method_not_allowed, problem_body_too_large, problem_unsupported_body;
/* Only the web server sends this: */
extern const struct problem problem_uri_too_long;
/* Asking again later may help: */
extern const struct problem problem_too_many_requests, problem_unavailable;

/* All of these, numbered from 0; NULL: `number` is not below their count. */
const struct problem *problem_at(int number);

#endif
