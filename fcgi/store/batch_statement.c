#include "batch_statement.h"

#include "common/check.h"
#include "row.h"

void batch_statement_begin(struct batch_statement *statement, int count)
{
    statement->count = count;
    statement->added = 0;
}

bool batch_statement_add(struct batch_statement *statement)
{
    if (!CHECK(statement->added < statement->count))
        return false;
    statement->added++;
    return true;
}

bool batch_statement_call(struct batch_statement *statement, struct database *database,
                          const struct database_parameter *parameters, int count)
{
    if (!CHECK(statement->added == statement->count))
        return false;
    statement->row = 0;
    return database_call(database, 0, parameters, count, &statement->result) == DATABASE_DONE;
}

int batch_statement_next(struct batch_statement *statement, int column, int *row)
{
    while (statement->row < PQntuples(statement->result)) {
        *row = statement->row++;
        int element = row_element(statement->result, *row, column, statement->count);
        if (element >= 0)
            return element;
    }
    return -1;
}

void batch_statement_end(struct batch_statement *statement)
{
    PQclear(statement->result);
    statement->result = NULL;
}
