/* The format of a body, by its Content-Type and Content-Encoding (RFC 9110, sections 8.3 and 8.4).
   Any thread. */
#ifndef FCGI_HTTP_BODY_FORMAT_H
#define FCGI_HTTP_BODY_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum body_format { BODY_FORM, BODY_JSON, BODY_UNSUPPORTED };

/* What is supported, for a reply's Accept and Accept-Encoding (sections 12.5.1, 12.5.3). */
#define BODY_TYPES   "application/json, application/x-www-form-urlencoded"
#define BODY_CODINGS "identity"

/*
 * A header field that the request lacks is "". Unsupported are any other type, no type, any coding,
 * and a charset other than UTF-8 or US-ASCII. Neither type defines a charset parameter (RFC 8259,
 * section 11; URL Standard), but a client that sends another charset means other characters than
 * the ones that would be read.
 */
enum body_format body_format(const char *content_type, const char *content_encoding);

/*
 * Whether a body whose type is form can be a form. Libraries and curl(1) use that type by default,
 * also for JSON, XML, multipart or compressed data, whose parameters would be dropped in silence
 * (RFC 9110, section 15.5.16: "inspecting the data directly"). Such data begins with a bracket, or
 * has control bytes in a name. `{}` counts as empty.
 */
bool body_can_be_form(const char *body, size_t length);

#endif
