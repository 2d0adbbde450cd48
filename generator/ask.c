#include "ask.h"

#include <assert.h>

#include "common/log.h"
#include "query.h"

static enum ask_result (*const answers[])(const struct ask *ask) = {
    [TASK_LIST] = ask_list, [TASK_AUDIT] = ask_audit, [TASK_DRY_RUN] = ask_dry_run};

static bool begin(PGconn *connection)
{
    if (!query_prepare_session(connection, ASK_STATEMENT_S_MAX, ASK_STATEMENT_S_MAX))
        return false;
    PGresult *result = PQexec(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    bool begun = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!begun)
        log_error("beginning to read: %s", PQerrorMessage(connection));
    PQclear(result);
    return begun;
}

enum ask_result ask_answer(const struct ask *ask)
{
    assert(answers[ask->task->kind]);
    if (!begin(ask->connection))
        return ASK_FAILED;
    return answers[ask->task->kind](ask);
}
