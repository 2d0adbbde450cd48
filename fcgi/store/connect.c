#include "connect.h"

struct database *statements_connect(const struct settings *settings, const char *name,
                                    const struct statements *statements)
{
    const struct database_options options = {.conninfo = settings->database.worker_conninfo,
                                             .name = name,
                                             .connect_ms_max = settings->database.connect_ms_max,
                                             .statement_ms_max =
                                                 settings->database.statement_ms_max,
                                             .statements = statements->texts,
                                             .statement_count = statements->count,
                                             .is_for_commits = statements->trial != NULL,
                                             .trial = statements->trial,
                                             .trial_count = statements->trial_count,
                                             .is_in_background = true};
    return database_new(&options);
}
