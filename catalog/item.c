#include "item.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>

#include "words.h"

enum {
    NAME_BITS = 3 * WORDS_BITS,
    NAME_ROUNDS = 4,
    PARTS = 16 /* of each kind in a description */
};

static const uint32_t name_mask = (UINT32_C(1) << NAME_BITS) - 1;

/*
 * The output at `position` of the SplitMix64 generator that starts from `seed` (Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Position 0 is its first.
 */
static uint64_t random_at(uint64_t seed, uint64_t position)
{
    uint64_t x = seed + (position + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint32_t item_names_count(void)
{
    return name_mask + 1;
}

/*
 * Permutes the names: every step - adding, multiplying by an odd number, xor with the upper half -
 * is reversible within NAME_BITS bits, so different numbers stay different.
 */
static uint32_t name_permute(uint64_t sale_seed, uint32_t index)
{
    for (uint64_t round = 0; round < NAME_ROUNDS; round++) {
        uint64_t key = random_at(sale_seed, round);
        index = (index + (uint32_t)key) & name_mask;
        index = (index * ((uint32_t)(key >> 32) | 1)) & name_mask;
        index ^= index >> (NAME_BITS / 2 + 1);
    }
    return index;
}

/* Low prices are common and high ones rare; a price ends in .99, .00 or .49. */
static int price_cents(uint64_t random)
{
    static const struct {
        int percent_below;
        int from; /* whole units, both included */
        int to;
    } bands[] = {{50, 2, 20}, {85, 21, 100}, {100, 101, 499}};
    static const int cents_past[] = {-1, -1, 0, 49};

    int percent = (int)(random % 100);
    int band = percent < bands[0].percent_below ? 0 : percent < bands[1].percent_below ? 1 : 2;
    uint32_t span = (uint32_t)(bands[band].to - bands[band].from + 1);
    int whole = bands[band].from + (int)((uint32_t)(random >> 32) % span);
    int cents = whole * 100 + cents_past[(random >> 16) % 4];
    assert(cents >= ITEM_PRICE_CENTS_MIN && cents <= ITEM_PRICE_CENTS_MAX);
    return cents;
}

void item_make(uint64_t sale_seed, uint32_t number, struct item *item)
{
    assert(number > 0);
    uint32_t name = name_permute(sale_seed, (number - 1) & name_mask);
    snprintf(item->name, sizeof item->name, "%s %s %s",
             words_manner[name >> 2 * WORDS_BITS & (WORDS_COUNT - 1)],
             words_material[name >> WORDS_BITS & (WORDS_COUNT - 1)],
             words_thing[name & (WORDS_COUNT - 1)]);

    /* The positions before these are the permutation's keys. */
    uint64_t position = NAME_ROUNDS + 2 * (uint64_t)number;
    item->price_cents = price_cents(random_at(sale_seed, position));
    item->picture_seed = (int64_t)(random_at(sale_seed, position + 1) & INT64_MAX);
}

static const char *const leads[4] = {"This", "Our", "The", "Each"};

static const char *const origins[PARTS] = {
    "is made in small numbers",  "comes from a small workshop",
    "is finished by hand",       "is made to be used every day",
    "follows an old pattern",    "is drawn from life",
    "was a year in the making",  "is checked twice before it leaves us",
    "keeps its shape for years", "is light to carry",
    "fits in anywhere",          "is one of a small series",
    "is our makers' favourite",  "is plain to look at and good to hold",
    "needs no care to speak of", "brightens a dull day"};

static const char *const endings[PARTS] = {"and ages well",
                                           "and makes a fine gift",
                                           "and comes ready wrapped",
                                           "and will outlast its owner",
                                           "and never goes out of fashion",
                                           "and looks well in any room",
                                           "and is easily mended",
                                           "and comes with a card from its maker",
                                           "and feels at home by a window",
                                           "and pleases those who have everything",
                                           "and goes with what you have",
                                           "and deserves a good place",
                                           "and asks for nothing in return",
                                           "and travels well",
                                           "and starts conversations",
                                           "and gets better with use"};

void item_describe(const char *name, int64_t picture_seed, char *text, size_t size)
{
    char lower[ITEM_NAME_MAX];
    size_t length = 0;
    for (; length < sizeof lower - 1 && name[length]; length++)
        lower[length] = (char)tolower((unsigned char)name[length]);
    lower[length] = 0;

    uint64_t random = random_at((uint64_t)picture_seed, 0);
    snprintf(text, size, "%s %s %s %s.", leads[random % 4], lower, origins[(random >> 8) % PARTS],
             endings[(random >> 16) % PARTS]);
}
