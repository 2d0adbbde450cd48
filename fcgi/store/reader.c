#include "reader.h"

#include "connect.h"
#include "reading.h"

struct database *reader_new(const struct settings *settings)
{
    static const char *const texts[READ_STATEMENTS] = {[READ_SALES] = sales_page_statement,
                                                       [READ_ITEMS] = items_page_statement,
                                                       [READ_ITEM] = item_row_statement,
                                                       [READ_USER] = user_page_statement,
                                                       [READ_TURN] = turn_row_statement};
    static const struct statements statements = {.texts = texts, .count = READ_STATEMENTS};
    struct database *database = statements_connect(settings, "flashsale reader", &statements);
    if (database)
        database_begin(database);
    return database;
}

void reader_free(struct database *reader)
{
    database_free(reader);
}
