/*
 * Problems: why a request is refused, as RFC 9457 has it; and those that HTTP itself has, whatever
 * is sold. Any thread.
 */
#ifndef FCGI_HTTP_PROBLEM_H
#define FCGI_HTTP_PROBLEM_H

struct problem {
    const char *name;   /* the end of its type, /problems/{name} (section 3.1.1) */
    const char *title;  /* the same for every occurrence (section 3.1.3) */
    const char *detail; /* what it means for the one who asked, unless a reply says more */
    const char *error;  /* a word for it that programs know from older services */
    int status;         /* of the reply (RFC 9110, section 15) */
};

/* Of the request alone: */
extern const struct problem problem_bad_request, problem_identity_mismatch, problem_not_found,
    problem_method_not_allowed, problem_body_too_large, problem_unsupported_body;
/* The web server says so: */
extern const struct problem problem_uri_too_long, problem_too_many_requests;
/* Asking again may help: */
extern const struct problem problem_unavailable;

/* All of these, numbered from 0; NULL past the last. */
const struct problem *problem_at(int number);

#endif
