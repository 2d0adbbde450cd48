/* In which form a body is, by the header fields that say so (RFC 9110, sections 8.3 and 8.4). */
#ifndef FCGI_HTTP_BODY_FORM_H
#define FCGI_HTTP_BODY_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum body_form { BODY_FORM, BODY_JSON, BODY_UNSUPPORTED };

/* What is read, as the Accept and Accept-Encoding of a reply have it (sections 12.5.1, 12.5.3). */
#define BODY_FORM_TYPES   "application/json, application/x-www-form-urlencoded"
#define BODY_FORM_CODINGS "identity"

/*
 * By a Content-Type and a Content-Encoding, "" where there is none. Unsupported is any other type,
 * no type, any coding, and a charset other than UTF-8 or the part of it that is US-ASCII: neither
 * type has that parameter (RFC 8259, section 11; URL Standard), but who sends it says that the
 * bytes mean something else than what would be read.
 */
enum body_form body_form(const char *content_type, const char *content_encoding);

/*
 * Whether a body that is said to be a form can be one. What libraries and curl(1) send when nobody
 * told them what they send is JSON, XML, parts or something compressed of that type, whose
 * parameters would be dropped in silence (RFC 9110, section 15.5.16: "inspecting the data
 * directly"): it begins with a bracket, or there are control bytes in a name. `{}` is as good as
 * nothing.
 */
bool body_can_be_form(const char *body, size_t length);

#endif
