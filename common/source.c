#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { FILES_MAX = 32, DEPTH_MAX = 8, BYTES_MAX = 1 << 20, LINES_MAX = BYTES_MAX };

struct position {
    int file;
    int line;
};

/* A file that is being read. */
struct reading {
    struct source *source;
    int file;
    int line;
    bool is_in_line; /* the line has more than blanks so far */
    char *bytes;     /* the whole file, terminated */
    const char *at;  /* the next byte */
};

struct source {
    char *files[FILES_MAX];
    int file_count;
    char *text;
    size_t length, size;
    struct position *positions; /* by line of the text */
    int line_count, line_size;
    bool is_in_line;                    /* the last line of the text has begun, not ended */
    struct reading readings[DEPTH_MAX]; /* each is included by the one before it */
    int depth;
    FILE *errors;
};

static bool report(const struct reading *reading, const char *what, size_t length,
                   const char *expected)
{
    fprintf(reading->source->errors, "%s:%d: %.*s: %s\n", reading->source->files[reading->file],
            reading->line, (int)length, what, expected);
    return false;
}

/* ---- the text ---- */

static bool begin_line(struct reading *reading)
{
    struct source *source = reading->source;
    if (source->line_count == source->line_size) {
        int size = source->line_size ? 2 * source->line_size : 256;
        struct position *positions = realloc(source->positions, (size_t)size * sizeof *positions);
        if (!positions)
            return report(reading, "the settings", 12, "out of memory");
        source->positions = positions;
        source->line_size = size;
    }
    source->positions[source->line_count++] = (struct position){reading->file, reading->line};
    source->is_in_line = true;
    return true;
}

static bool put(struct reading *reading, char byte)
{
    struct source *source = reading->source;
    if (!source->is_in_line && !begin_line(reading))
        return false;
    if (source->length + 1 >= source->size) {
        size_t size = source->size ? 2 * source->size : 4096;
        char *text = size <= 2 * (size_t)BYTES_MAX ? realloc(source->text, size) : NULL;
        if (!text)
            return report(reading, "the settings", 12, "expected no more than a million bytes");
        source->text = text;
        source->size = size;
    }
    source->text[source->length++] = byte;
    source->text[source->length] = '\0';
    if (byte == '\n')
        source->is_in_line = false;
    return true;
}

/* Copies the next `length` bytes. */
static bool copy(struct reading *reading, size_t length)
{
    for (; length > 0; length--) {
        char byte = *reading->at++;
        if (!put(reading, byte))
            return false;
        reading->line += byte == '\n';
    }
    return true;
}

static bool end_line(struct reading *reading)
{
    return !reading->source->is_in_line || put(reading, '\n');
}

/* ---- what a file is made of ---- */

/*
 * A whole number of more than 32 bits gets libconfig's suffix L, for 64 bits. So an error about its
 * setting's bounds can show it as it is.
 */
static bool copy_number(struct reading *reading)
{
    const char *begin = reading->at, *digits = begin + (*begin == '-' || *begin == '+');
    bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    size_t length = (size_t)(digits - begin);
    while (isalnum((unsigned char)begin[length]) || begin[length] == '.' ||
           (!is_hex && (begin[length] == '+' || begin[length] == '-') &&
            (begin[length - 1] == 'e' || begin[length - 1] == 'E')))
        length++;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, is_hex ? 16 : 10);
    bool is_long = *end == 'L';
    end += strspn(end, "L");
    if (end != begin + length) /* a fraction, or an error that libconfig reports */
        return copy(reading, length);
    if (errno != 0 || value > LLONG_MAX)
        return report(reading, begin, length, "expected a whole number of 64 bits at most");
    if (!is_hex && digits[0] == '0' && isdigit((unsigned char)digits[1]))
        return report(reading, begin, length, "expected a number without leading zeros");
    return copy(reading, length) && (is_long || value <= INT_MAX || put(reading, 'L'));
}

static bool copy_string(struct reading *reading)
{
    size_t length = 1;
    while (reading->at[length] != '"') {
        if (reading->at[length] == '\0')
            return report(reading, "\"", 1, "the string has no end");
        if (strncmp(reading->at + length, "\\x00", 4) == 0)
            return report(reading, "\\x00", 4, "expected no NUL in a string");
        length += reading->at[length] == '\\' && reading->at[length + 1] != '\0' ? 2 : 1;
    }
    return copy(reading, length + 1);
}

static bool copy_comment(struct reading *reading)
{
    if (reading->at[0] == '#' || reading->at[1] == '/')
        return copy(reading, strcspn(reading->at, "\n"));
    const char *end = strstr(reading->at + 2, "*/");
    return end ? copy(reading, (size_t)(end + 2 - reading->at))
               : report(reading, "/*", 2, "the comment has no end");
}

static bool read_file(struct source *source, const char *path);

/* Reads the file `name`, looked up from the folder of the file that includes it. */
static bool include(struct reading *reading, const char *name, size_t length)
{
    const char *own = reading->source->files[reading->file], *slash = strrchr(own, '/');
    size_t folder = name[0] == '/' || !slash ? 0 : (size_t)(slash + 1 - own);
    char *path = malloc(folder + length + 1);
    if (!path)
        return report(reading, "@include", 8, "out of memory");
    memcpy(path, own, folder);
    memcpy(path + folder, name, length);
    path[folder + length] = '\0';
    bool good = end_line(reading) && read_file(reading->source, path);
    free(path);
    return good;
}

static bool copy_include(struct reading *reading)
{
    static const char directive[] = "@include";
    const char *name = reading->at + strlen(directive);
    name += strspn(name, " \t");
    size_t length = *name == '"' ? strcspn(name + 1, "\"\\\n") : 0;
    if (strncmp(reading->at, directive, strlen(directive)) != 0 || length == 0 ||
        name[length + 1] != '"')
        return report(reading, "@", 1, "expected @include \"file\"");
    reading->at = name + length + 2;
    return include(reading, name + 1, length);
}

/* Copies a token or a byte. An @include makes the included file the next to be read. */
static bool copy_next(struct reading *reading)
{
    char byte = reading->at[0], next = reading->at[1];
    bool was_in_line = reading->is_in_line;
    reading->is_in_line = byte != '\n' && (was_in_line || (byte != ' ' && byte != '\t'));
    if (byte == '@' && !was_in_line)
        return copy_include(reading);
    if (byte == '"')
        return copy_string(reading);
    if (byte == '#' || (byte == '/' && (next == '/' || next == '*')))
        return copy_comment(reading);
    if (isdigit((unsigned char)byte) ||
        ((byte == '-' || byte == '+') && isdigit((unsigned char)next)))
        return copy_number(reading);
    if (isalpha((unsigned char)byte) || byte == '*')
        return copy(reading, strspn(reading->at, "-_*0123456789abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    return copy(reading, 1);
}

/* ---- files ---- */

/* Only UTF-8, without control characters except line breaks, form feeds and tabs. */
static bool check_bytes(struct reading *reading, size_t length)
{
    const char *end = reading->at + length;
    int begin = reading->line;
    for (const char *at = reading->at; at < end;) {
        size_t step = utf8_sequence((const unsigned char *)at, (size_t)(end - at));
        bool is_control = (unsigned char)*at < ' ' && !strchr("\n\r\t\f", *at);
        if (step == 0 || *at == '\0' || is_control || *at == 0x7f)
            return report(reading, "a byte of the file", 18,
                          step == 0 ? "expected UTF-8" : "expected no control characters");
        reading->line += *at == '\n';
        at += step;
    }
    reading->line = begin;
    return true;
}

/* The whole file, terminated; NULL: errno says why not. The caller frees it. */
static char *load(const char *path, size_t *length)
{
    FILE *file = fopen(path, "re");
    char *bytes = file ? malloc(BYTES_MAX + 1) : NULL;
    if (bytes) {
        *length = fread(bytes, 1, BYTES_MAX + 1, file);
        bytes[*length <= BYTES_MAX ? *length : BYTES_MAX] = '\0';
        if (ferror(file) || *length > BYTES_MAX) {
            errno = ferror(file) ? errno : EFBIG;
            free(bytes);
            bytes = NULL;
        }
    }
    int error = errno;
    if (file)
        fclose(file);
    errno = error;
    return bytes;
}

/* Makes the file the one that is read next. */
static bool read_file(struct source *source, const char *path)
{
    const struct reading *from = source->depth > 0 ? &source->readings[source->depth - 1] : NULL;
    if (from && (source->depth == DEPTH_MAX || source->file_count == FILES_MAX))
        return report(from, path, strlen(path), "too many files include each other");
    size_t length = 0;
    char *bytes = load(path, &length), *name = strdup(path);
    if (!bytes || !name) {
        if (from)
            fprintf(source->errors, "%s:%d: ", source->files[from->file], from->line);
        fprintf(source->errors, "%s: cannot be read: %s\n", path, strerror(errno));
        free(bytes);
        free(name);
        return false;
    }
    struct reading *reading = &source->readings[source->depth++];
    *reading = (struct reading){
        .source = source, .file = source->file_count, .line = 1, .bytes = bytes, .at = bytes};
    source->files[source->file_count++] = name;
    return check_bytes(reading, length);
}

static bool read_all(struct source *source)
{
    while (source->depth > 0) {
        struct reading *reading = &source->readings[source->depth - 1];
        if (*reading->at != '\0') {
            if (!copy_next(reading))
                return false;
            continue;
        }
        if (!end_line(reading))
            return false;
        free(reading->bytes);
        source->depth--;
    }
    return true;
}

struct source *source_read(const char *path, FILE *errors)
{
    struct source *source = calloc(1, sizeof *source);
    if (!source) {
        fprintf(errors, "%s: out of memory\n", path);
        return NULL;
    }
    source->errors = errors;
    if (!read_file(source, path) || !read_all(source)) {
        source_free(source);
        return NULL;
    }
    return source;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    for (int i = 0; i < source->depth; i++)
        free(source->readings[i].bytes);
    for (int i = 0; i < source->file_count; i++)
        free(source->files[i]);
    free(source->text);
    free(source->positions);
    free(source);
}

const char *source_text(const struct source *source)
{
    return source->text ? source->text : "";
}

const char *source_position(const struct source *source, int line, int *file_line)
{
    if (line > source->line_count)
        line = source->line_count;
    if (line < 1) {
        *file_line = 1;
        return source->files[0];
    }
    *file_line = source->positions[line - 1].line;
    return source->files[source->positions[line - 1].file];
}
