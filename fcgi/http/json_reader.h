/*
 * Reads a JSON object (RFC 8259) with json-c, and no more than RFC 8259 has: what json-c 0.16 and
 * 0.18 take beyond it, or misread, is refused before or never shown to them (json_reader.c).
 * A reader is one thread's, and reads one text after another.
 */
#ifndef FCGI_HTTP_JSON_READER_H
#define FCGI_HTTP_JSON_READER_H

#include <json-c/json_object.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 8 }; /* objects and arrays within each other, the outermost included */

enum json_result { JSON_READ, JSON_MALFORMED, JSON_OUT_OF_MEMORY };

struct json_reader;

/* For texts of so many bytes. NULL: out of memory. */
struct json_reader *json_reader_new(size_t bytes_max);
void json_reader_free(struct json_reader *reader);

/*
 * JSON_READ: the text is one object and blanks, in UTF-8 without a byte order mark. *object is the
 * caller's, who puts it back (json_object_put); of two members of one name it has the last.
 * JSON_MALFORMED: it is something else, or too deep, or a member's name has a U+0000.
 */
enum json_result json_reader_read(struct json_reader *reader, const char *text, size_t length,
                                  struct json_object **object) __attribute__((warn_unused_result));

#endif
