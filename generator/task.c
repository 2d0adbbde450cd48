#include "task.h"

#include <errno.h>
#include <stdlib.h>

const char task_notes[] =
    "Without --list, --audit and --dry-run it does what --dry-run shows. These three change\n"
    "nothing, and with --json each prints one object. Times are RFC 3339, in UTC:\n"
    "  --list     {\"sales\":[{\"sale_id\":17,\"status\":\"active\",\n"
    "               \"starts_at\":\"2026-11-21T10:00:00+00:00\",\n"
    "               \"ends_at\":\"2026-11-21T11:00:00+00:00\",\"items_total\":10000,\n"
    "               \"items_sold\":312,\"purchase_limit\":10,\"hold_s\":30,\n"
    "               \"holds_max\":10,\"draw_s\":0}]}\n"
    "             the newest first; status is scheduled, active, sold_out or closed\n"
    "  --audit    {\"sale_id\":17,\"log_is_kept\":true,\"violations\":[\n"
    "               {\"violation\":\"sold_twice\",\"number\":4711,\"user_id\":\"amy\",\n"
    "                \"detail\":\"bought 2 times\"}]}\n"
    "             number and user_id may be null; log_is_kept is false where attempts of the\n"
    "             sale are past retention, and what needs them was not looked at\n"
    "  --dry-run  {\"sales\":[{\"starts_at\":\"2026-11-21T11:00:00+00:00\",\n"
    "               \"ends_at\":\"2026-11-21T12:00:00+00:00\",\"items_total\":10000,\n"
    "               \"purchase_limit\":10,\"hold_s\":30,\"stays_open\":false,\n"
    "               \"holds_max\":10,\"draw_s\":0}],\n"
    "              \"partitions\":[{\"action\":\"make\",\n"
    "               \"partition\":\"attempt_2026_11_22\",\"day\":\"2026-11-22\"}]}\n"
    "             action is make or drop\n\n"
    "Exit status: 0 all is done, or sound; 1 not all is done, or something is violated\n"
    "(--audit); 2 the command line or the settings are wrong; 3 what was asked could not be\n"
    "answered.\n\n";

void task_options_own(struct task_options *given, struct options_own own[TASK_OPTIONS + 1])
{
    *given = (struct task_options){0};
    own[0] =
        (struct options_own){"list", NULL, "print all sales, and do nothing else", &given->list};
    own[1] = (struct options_own){
        "audit", "SALE_ID", "print what is violated in a sale, and do nothing else", &given->audit};
    own[2] = (struct options_own){
        "dry-run", NULL, "print what a run would do now, and do nothing of it", &given->dry_run};
    own[3] = (struct options_own){"json", NULL, "print JSON", &given->json};
    own[TASK_OPTIONS] = (struct options_own){0};
}

static bool read_sale_id(const char *text, int32_t *sale_id)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > INT32_MAX)
        return false;
    *sale_id = (int32_t)value;
    return true;
}

bool task_read(const struct task_options *given, const char *program, struct task *task,
               FILE *errors)
{
    *task = (struct task){.kind = TASK_GENERATE, .is_json = given->json != NULL};
    int asked = 0;
    if (given->list && ++asked)
        task->kind = TASK_LIST;
    if (given->audit && ++asked)
        task->kind = TASK_AUDIT;
    if (given->dry_run && ++asked)
        task->kind = TASK_DRY_RUN;

    if (asked > 1) {
        fprintf(errors, "%s: --list, --audit, --dry-run: expected one of them at a time\n",
                program);
        return false;
    }
    if (task->is_json && asked == 0) {
        fprintf(errors, "%s: --json: expected --list, --audit or --dry-run beside it\n", program);
        return false;
    }
    if (given->audit && !read_sale_id(given->audit, &task->sale_id)) {
        fprintf(errors, "%s: --audit %s: expected the number of a sale\n", program, given->audit);
        return false;
    }
    return true;
}
