#include "ask.h"

#include <assert.h>
#include <stdlib.h>

#include "common/log.h"

enum { JSON_BYTES_FIRST = 64 * 1024 };

static enum ask_result (*const answers[])(const struct ask *ask) = {
    [TASK_LIST] = ask_list, [TASK_AUDIT] = ask_audit, [TASK_DRY_RUN] = ask_dry_run};

enum ask_result ask_answer(const struct ask *ask)
{
    assert(answers[ask->task->kind]);
    if (!store_begin_reading(ask->store))
        return ASK_FAILED;
    return answers[ask->task->kind](ask);
}

/* The answer can be of any length, and the writer needs a bound: the buffer is doubled until the
 * answer fits. */
bool ask_print_json(const struct ask *ask,
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
            fwrite(text.bytes, 1, text.used, ask->stream);
            fputc('\n', ask->stream);
        }
        free(bytes);
        if (!text.is_cut)
            return true;
    }
}
