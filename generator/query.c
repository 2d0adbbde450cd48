#include "query.h"

#include <assert.h>
#include <stdlib.h>

#include "common/log.h"

enum { JSON_BYTES_FIRST = 64 * 1024 };

static enum query_result (*const answers[])(const struct query *query) = {
    [TASK_LIST] = query_list, [TASK_AUDIT] = query_audit, [TASK_DRY_RUN] = query_dry_run};

enum query_result query_answer(const struct query *query)
{
    assert(answers[query->task->kind]);
    if (!store_begin_reading(query->store))
        return QUERY_FAILED;
    return answers[query->task->kind](query);
}

/* The answer can be of any length, and the writer needs a bound: the buffer is doubled until the
 * answer fits. */
bool query_print_json(const struct query *query,
                      void (*write)(struct json_writer *json, const void *context),
                      const void *context)
{
    for (size_t size = JSON_BYTES_FIRST;; size *= 2) {
        char *bytes = malloc(size);
        if (!bytes) {
            log_error("out of memory");
            return false;
        }
        struct text text;
        struct json_writer json;
        text_begin(&text, bytes, size);
        json_writer_begin(&json, &text);
        write(&json, context);
        json_writer_end(&json);
        if (!text.is_cut) {
            fwrite(text.bytes, 1, text.used, query->stream);
            fputc('\n', query->stream);
        }
        free(bytes);
        if (!text.is_cut)
            return true;
    }
}
