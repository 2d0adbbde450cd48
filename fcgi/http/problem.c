#include "problem.h"

#include <stddef.h>

const struct problem problem_bad_request = {"bad_request", "Bad request",
                                            "The request is malformed.", "bad_request", 400};

const struct problem problem_identity_mismatch = {
    "identity_mismatch", "Not your name", "The user asked for is not the one who is logged in.",
    "identity_mismatch", 403};

const struct problem problem_cross_origin = {
    "cross_origin", "Sent by another site's page",
    "A page of another site sent this request. If this site is known by another name: "
    "http.allow_origin.",
    "cross_origin", 403};

const struct problem problem_not_found = {"not_found", "Not found",
                                          "There is nothing at this path.", "not_found", 404};

const struct problem problem_method_not_allowed = {"method_not_allowed", "Method not allowed",
                                                   "This path takes the methods that Allow names.",
                                                   "method_not_allowed", 405};

const struct problem problem_body_too_large = {"body_too_large", "Body too large",
                                               "The request's body is longer than is read here.",
                                               "body_too_large", 413};

const struct problem problem_unsupported_body = {
    "unsupported_body", "Body not supported",
    "A body is read as a form or as JSON, in UTF-8 and without a content coding.",
    "unsupported_body", 415};

const struct problem problem_uri_too_long = {"uri_too_long", "Address too long",
                                             "The request line is longer than 8 KB.",
                                             "uri_too_long", 414};

const struct problem problem_too_many_requests = {
    "too_many_requests", "Too many requests", "You ask too often. Wait a moment, then ask again.",
    "too_many_requests", 429};

const struct problem problem_unavailable = {
    "unavailable", "Service unavailable",
    "The request could not be decided now. Asking again is safe.", "unavailable", 503};

const struct problem *problem_at(int number)
{
    static const struct problem *const problems[] = {
        &problem_bad_request,      &problem_identity_mismatch,  &problem_cross_origin,
        &problem_not_found,        &problem_method_not_allowed, &problem_body_too_large,
        &problem_unsupported_body, &problem_uri_too_long,       &problem_too_many_requests,
        &problem_unavailable};
    return (size_t)number < sizeof problems / sizeof problems[0] ? problems[number] : NULL;
}
