#include "picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A vessel on a table: its outline goes through four half-widths, from the rim to the foot, and
 * stands in the middle of a square of 120 units.
 */
enum { MIDDLE = 60, LEVELS = 4 };

static const int level_y[LEVELS] = {26, 50, 76, 102};

struct picture {
    uint64_t random;
    int half_width[LEVELS];
    int hue;        /* of the vessel, in degrees */
    int background; /* likewise */
    int turn;       /* from the vessel's hue to its ornament's */
};

/* SplitMix64 (Steele, Lea, Flood 2014): every seed begins a series of its own. */
static uint64_t next_random(struct picture *picture)
{
    uint64_t z = picture->random += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

static int choose(struct picture *picture, int from, int to)
{
    return from + (int)(next_random(picture) % (uint64_t)(to - from + 1));
}

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    char piece[256];
    va_list values;
    va_start(values, format);
    vsnprintf(piece, sizeof piece, format, values);
    va_end(values);
    text_add(text, piece);
}

/* Text between tags (XML 1.0, section 2.4). */
static void add_escaped(struct text *text, const char *string)
{
    for (; *string; string++) {
        if (*string == '&')
            text_add(text, "&amp;");
        else if (*string == '<')
            text_add(text, "&lt;");
        else if (*string == '>')
            text_add(text, "&gt;");
        else
            text_add_bytes(text, string, 1);
    }
}

static void plan(struct picture *picture, int64_t seed)
{
    static const int narrowest[LEVELS] = {8, 16, 18, 10}, widest[LEVELS] = {26, 38, 42, 30};
    static const int turns[] = {30, 150, 180, 210, 330};
    picture->random = (uint64_t)seed;
    for (int i = 0; i < LEVELS; i++)
        picture->half_width[i] = choose(picture, narrowest[i], widest[i]);
    picture->hue = choose(picture, 0, 359);
    picture->background = (picture->hue + choose(picture, 100, 260)) % 360;
    picture->turn = turns[choose(picture, 0, sizeof turns / sizeof turns[0] - 1)];
}

static void draw_background(struct text *text, struct picture *picture)
{
    int sun_x = choose(picture, 22, 98), sun_y = choose(picture, 18, 44);
    add(text,
        "<rect width=\"120\" height=\"120\" fill=\"hsl(%d 45%% 90%%)\"/>"
        "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"hsl(%d 60%% 82%%)\"/>",
        picture->background, sun_x, sun_y, choose(picture, 10, 26),
        (picture->background + picture->turn) % 360);
    add(text,
        "<path d=\"M0 94h120v26H0z\" fill=\"hsl(%d 30%% 78%%)\"/>"
        "<ellipse cx=\"60\" cy=\"103\" rx=\"%d\" ry=\"5\" fill=\"hsl(%d 25%% 60%%)\"/>",
        picture->background, picture->half_width[LEVELS - 1] + 12, picture->background);
}

static void draw_handles(struct text *text, const struct picture *picture)
{
    for (int side = -1; side <= 1; side += 2)
        add(text,
            "<path d=\"M%d 34C%d 26 %d 62 %d 66\" fill=\"none\" stroke=\"hsl(%d 50%% 38%%)\" "
            "stroke-width=\"5\"/>",
            MIDDLE + side * picture->half_width[0], MIDDLE + side * 58, MIDDLE + side * 54,
            MIDDLE + side * picture->half_width[1], picture->hue);
}

/* From one half-width to the next with upright tangents, so that the outline has no corner. */
static void draw_body(struct text *text, const struct picture *picture)
{
    const int *width = picture->half_width;
    add(text, "<path d=\"M%d %d", MIDDLE - width[0], level_y[0]);
    for (int i = 1; i < LEVELS; i++) {
        int y = (level_y[i - 1] + level_y[i]) / 2;
        add(text, "C%d %d %d %d %d %d", MIDDLE - width[i - 1], y, MIDDLE - width[i], y,
            MIDDLE - width[i], level_y[i]);
    }
    add(text, "H%d", MIDDLE + width[LEVELS - 1]);
    for (int i = LEVELS - 1; i > 0; i--) {
        int y = (level_y[i - 1] + level_y[i]) / 2;
        add(text, "C%d %d %d %d %d %d", MIDDLE + width[i], y, MIDDLE + width[i - 1], y,
            MIDDLE + width[i - 1], level_y[i - 1]);
    }
    add(text,
        "z\" fill=\"url(#g)\"/><ellipse cx=\"60\" cy=\"%d\" rx=\"%d\" ry=\"4\" "
        "fill=\"hsl(%d 45%% 28%%)\"/>",
        level_y[0], width[0], picture->hue);
}

/* Bands around the belly, and perhaps dots between them. */
static void draw_ornament(struct text *text, struct picture *picture)
{
    int hue = (picture->hue + picture->turn) % 360;
    for (int i = 1; i <= 2; i++) {
        int width = picture->half_width[i];
        add(text,
            "<path d=\"M%d %dQ60 %d %d %d\" fill=\"none\" stroke=\"hsl(%d 65%% %d%%)\" "
            "stroke-width=\"%d\"/>",
            MIDDLE - width + 1, level_y[i], level_y[i] + 8, MIDDLE + width - 1, level_y[i], hue,
            i == 1 ? 70 : 62, choose(picture, 2, 6));
    }
    int dots = choose(picture, 0, 5), narrow = picture->half_width[1] < picture->half_width[2]
                                                   ? picture->half_width[1]
                                                   : picture->half_width[2];
    for (int i = 0; i < dots; i++)
        add(text, "<circle cx=\"%d\" cy=\"66\" r=\"%d\" fill=\"hsl(%d 70%% 80%%)\"/>",
            MIDDLE + (2 * i - dots + 1) * (narrow - 4) / dots, narrow / 8 + 1, hue);
}

void picture_draw(struct text *text, const char *name, int64_t seed)
{
    struct picture picture;
    plan(&picture, seed);
    text_add(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 120\" role=\"img\">"
                   "<title>");
    add_escaped(text, name);
    add(text,
        "</title><linearGradient id=\"g\"><stop stop-color=\"hsl(%d 55%% 66%%)\"/>"
        "<stop offset=\".55\" stop-color=\"hsl(%d 55%% 48%%)\"/>"
        "<stop offset=\"1\" stop-color=\"hsl(%d 50%% 34%%)\"/></linearGradient>",
        picture.hue, picture.hue, picture.hue);
    draw_background(text, &picture);
    if (choose(&picture, 0, 2) == 0)
        draw_handles(text, &picture);
    draw_body(text, &picture);
    draw_ornament(text, &picture);
    text_add(text, "</svg>");
}
