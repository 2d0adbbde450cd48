/* The ids by which clients name items, compared with regular expressions for the same. */
#include "fcgi/sale/item_id.h"

#include <assert.h>
#include <inttypes.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { TEXT_MAX = 256 };

/* The number that the digits are; 0 if it is larger than an item's or a sale's number can be. */
static int32_t number_of(const char *text, const regmatch_t *match)
{
    uintmax_t value = strtoumax(text + match->rm_so, NULL, 10);
    return value <= INT32_MAX ? (int32_t)value : 0;
}

static struct item_id expected(const char *text)
{
    static regex_t in_open_sale, in_some_sale;
    static bool is_ready;
    if (!is_ready) {
        is_ready = regcomp(&in_open_sale, "^([A-Za-z]+[-_]?)?([0-9]+)$", REG_EXTENDED) == 0 &&
                   regcomp(&in_some_sale, "^([0-9]+)(-|_item_)([0-9]+)$", REG_EXTENDED) == 0;
        assert(is_ready);
    }
    const struct item_id none = {ITEM_ID_OPEN_SALE, ITEM_ID_NONE};
    struct item_id id = {ITEM_ID_OPEN_SALE, ITEM_ID_ANY};
    regmatch_t matches[4];
    if (strcmp(text, "") == 0 || strcmp(text, "any") == 0)
        return id;
    if (regexec(&in_some_sale, text, 4, matches, 0) == 0) {
        id.sale_id = number_of(text, &matches[1]);
        id.number = number_of(text, &matches[3]);
        return id.sale_id > 0 && id.number > 0 ? id : none;
    }
    if (regexec(&in_open_sale, text, 3, matches, 0) != 0)
        return none;
    id.number = number_of(text, &matches[2]);
    return id.number > 0 ? id : none;
}

static void assert_same(struct item_id one, struct item_id other)
{
    assert(one.sale_id == other.sale_id && one.number == other.number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item_id id = item_id_parse((const char *)data, size);
    assert(id.sale_id >= ITEM_ID_OPEN_SALE && id.number >= ITEM_ID_NONE);
    assert(id.number > 0 || id.sale_id == ITEM_ID_OPEN_SALE);
    assert_same(item_id_parse((const char *)data, size), id);

    char text[TEXT_MAX];
    if (size < sizeof text) {
        memcpy(text, data, size);
        text[size] = '\0';
        if (memchr(data, '\0', size))
            assert(id.number == ITEM_ID_NONE);
        else
            assert_same(id, expected(text));
    }
    if (id.sale_id > 0) {
        int length = snprintf(text, sizeof text, "%" PRId32 "-%" PRId32, id.sale_id, id.number);
        assert_same(item_id_parse(text, (size_t)length), id);
    }
    return 0;
}
