/* In which form a body is, by the header fields that say so (RFC 9110, sections 8.3 and 8.4). */
#ifndef FCGI_BODY_FORM_H
#define FCGI_BODY_FORM_H

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

#endif
