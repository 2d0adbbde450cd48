#include "picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture_shapes.h"

struct picture {
    uint64_t random;
    const struct picture_shape *shape;
    int hue;        /* of the thing, in degrees */
    int background; /* of the background, likewise */
    int accent;     /* of the thing's second colour, likewise */
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

/* The hue that a name's first word means; -1: none. */
static int hue_of(const char *name)
{
    static const struct {
        const char *manner;
        int hue;
    } hues[] = {
        {"Amber", 40},     {"Apricot", 28},   {"Autumn", 22},  {"Azure", 205},   {"Burgundy", 345},
        {"Carmine", 350},  {"Cerulean", 200}, {"Cherry", 350}, {"Cobalt", 220},  {"Crimson", 348},
        {"Emerald", 145},  {"Golden", 46},    {"Hazel", 32},   {"Heather", 300}, {"Indigo", 245},
        {"Lavender", 265}, {"Lemon", 55},     {"Lilac", 285},  {"Magenta", 310}, {"Minted", 155},
        {"Olive", 70},     {"Orchid", 300},   {"Plum", 310},   {"Rosy", 345},    {"Ruby", 350},
        {"Russet", 18},    {"Saffron", 44},   {"Sage", 110},   {"Scarlet", 5},   {"Tawny", 30},
        {"Teal", 180},     {"Verdant", 125},  {"Violet", 275}};
    size_t length = strcspn(name, " ");
    for (size_t i = 0; i < sizeof hues / sizeof hues[0]; i++)
        if (strlen(hues[i].manner) == length && strncmp(hues[i].manner, name, length) == 0)
            return hues[i].hue;
    return -1;
}

static void plan(struct picture *picture, const char *name, int64_t seed)
{
    static const int turns[] = {30, 150, 180, 210, 330};
    picture->random = (uint64_t)seed;
    picture->shape = picture_shape_of(name);
    int hue = choose(picture, 0, 359), named = hue_of(name);
    picture->hue = named >= 0 ? named : hue;
    picture->background = (picture->hue + choose(picture, 100, 260)) % 360;
    picture->accent =
        (picture->hue + turns[choose(picture, 0, sizeof turns / sizeof turns[0] - 1)]) % 360;
}

static void draw_background(struct text *text, struct picture *picture)
{
    int sun_x = choose(picture, 22, 98), sun_y = choose(picture, 18, 44);
    add(text,
        "<rect width=\"120\" height=\"120\" fill=\"hsl(%d 45%% 90%%)\"/>"
        "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"hsl(%d 60%% 82%%)\"/>",
        picture->background, sun_x, sun_y, choose(picture, 10, 26), picture->accent);
    add(text,
        "<path d=\"M0 94h120v26H0z\" fill=\"hsl(%d 30%% 78%%)\"/>"
        "<ellipse cx=\"60\" cy=\"104\" rx=\"44\" ry=\"5\" fill=\"hsl(%d 25%% 64%%)\"/>",
        picture->background, picture->background);
}

/* Draws a circle "x,y,r" or an ellipse "x,y,rx,ry" as two arcs. Returns where its numbers end. */
static const char *add_round(struct text *text, const char *data, int count)
{
    int numbers[4] = {0};
    for (int i = 0; i < count; i++) {
        char *end;
        numbers[i] = (int)strtol(data, &end, 10);
        data = end + (*end == ',' && i + 1 < count);
    }
    int rx = numbers[2], ry = count == 4 ? numbers[3] : rx;
    add(text, "M%d %da%d %d 0 1 0 %d 0a%d %d 0 1 0-%d 0", numbers[0] - rx, numbers[1], rx, ry,
        2 * rx, rx, ry, 2 * rx);
    return data;
}

static void add_data(struct text *text, const char *data)
{
    while (*data) {
        if (*data == 'o' || *data == 'e') {
            data = add_round(text, data + 1, *data == 'o' ? 3 : 4);
        } else {
            text_add_bytes(text, data, 1);
            data++;
        }
    }
}

/* One part of the drawing, if there is one; `attributes` end the tag. */
static void draw_part(struct text *text, const char *data, const char *attributes)
{
    if (!data)
        return;
    text_add(text, "<path d=\"");
    add_data(text, data);
    text_add(text, "\" ");
    text_add(text, attributes);
    text_add(text, "/>");
}

/* A pattern on the thing, clipped to its body; some things have none. */
static void draw_ornament(struct text *text, struct picture *picture)
{
    static const char *const patterns[] = {"M0 60h120M0 72h120", "M0 92h120M0 86h120M0 46h120",
                                           "M-20 120L60 0M0 120L80 0M20 120L100 0",
                                           "M0 52h120M30 0v120M90 0v120",
                                           "M0 66q15-12 30 0t30 0t30 0t30 0"};
    int which = choose(picture, -2, (int)(sizeof patterns / sizeof patterns[0]) - 1);
    int width = choose(picture, 2, 5);
    if (which >= 0)
        add(text,
            "<path clip-path=\"url(#c)\" d=\"%s\" fill=\"none\" stroke=\"hsl(%d 65%% 76%%)\" "
            "stroke-width=\"%d\" opacity=\".7\"/>",
            patterns[which], picture->accent, width);
}

static void draw_thing(struct text *text, struct picture *picture)
{
    const struct picture_shape *shape = picture->shape;
    char attributes[128];
    add(text, "<g transform=\"translate(60 103)scale(.%d)translate(-60 -103)\">",
        choose(picture, 84, 98));
    snprintf(attributes, sizeof attributes,
             "fill=\"none\" stroke=\"hsl(%d 45%% 36%%)\" stroke-width=\"5\" "
             "stroke-linecap=\"round\" stroke-linejoin=\"round\"",
             picture->hue);
    draw_part(text, shape->back, attributes);
    text_add(text, "<clipPath id=\"c\">");
    draw_part(text, shape->body, "id=\"b\" fill-rule=\"evenodd\" clip-rule=\"evenodd\"");
    text_add(text, "</clipPath><use href=\"#b\" fill=\"url(#g)\"/>");
    draw_ornament(text, picture);
    snprintf(attributes, sizeof attributes, "fill=\"hsl(%d 45%% 27%%)\"", picture->hue);
    draw_part(text, shape->dark, attributes);
    snprintf(attributes, sizeof attributes, "fill-rule=\"evenodd\" fill=\"hsl(%d 60%% 70%%)\"",
             picture->accent);
    draw_part(text, shape->accent, attributes);
    snprintf(attributes, sizeof attributes,
             "fill=\"none\" stroke=\"hsl(%d 45%% 24%%)\" stroke-width=\"2\" "
             "stroke-linecap=\"round\"",
             picture->hue);
    draw_part(text, shape->fine, attributes);
    text_add(text, "</g>");
}

void picture_draw(struct text *text, const char *name, int64_t seed)
{
    struct picture picture;
    plan(&picture, name, seed);
    text_add(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 120\" role=\"img\">"
                   "<title>");
    add_escaped(text, name);
    add(text,
        "</title><linearGradient id=\"g\"><stop stop-color=\"hsl(%d 55%% 66%%)\"/>"
        "<stop offset=\".55\" stop-color=\"hsl(%d 55%% 48%%)\"/>"
        "<stop offset=\"1\" stop-color=\"hsl(%d 50%% 36%%)\"/></linearGradient>",
        picture.hue, picture.hue, picture.hue);
    draw_background(text, &picture);
    draw_thing(text, &picture);
    text_add(text, "</svg>");
}
