#include "text.h"

#include <string.h>

void text_begin(struct text *text, char *bytes, size_t size)
{
    *text = (struct text){.bytes = bytes, .size = size};
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

/* At least `digits` digits, with leading zeros. */
static void add_digits(struct text *text, uint64_t value, int digits)
{
    char buffer[20];
    int at = sizeof buffer;
    do {
        buffer[--at] = (char)('0' + value % 10);
        value /= 10;
        digits--;
    } while (value > 0 || digits > 0);
    text_add_bytes(text, buffer + at, sizeof buffer - (size_t)at);
}

void text_add_integer(struct text *text, int64_t value)
{
    if (value < 0)
        text_add_bytes(text, "-", 1);
    add_digits(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

void text_add_json(struct text *text, const char *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    text_add_bytes(text, "\"", 1);
    size_t plain = 0; /* where the unwritten part starts */
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f)
            continue;
        text_add_bytes(text, bytes + plain, i - plain);
        plain = i + 1;
        if (byte == '"' || byte == '\\') {
            char escape[2] = {'\\', (char)byte};
            text_add_bytes(text, escape, sizeof escape);
        } else {
            char escape[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
            text_add_bytes(text, escape, sizeof escape);
        }
    }
    text_add_bytes(text, bytes + plain, length - plain);
    text_add_bytes(text, "\"", 1);
}

void text_add_money(struct text *text, int64_t cents)
{
    text_add_integer(text, cents / 100);
    text_add_bytes(text, ".", 1);
    add_digits(text, (uint64_t)(cents % 100), 2);
}

void text_add_time(struct text *text, int64_t time_us)
{
    /* The remainders are never negative, also for times before 1970. */
    int64_t of_second_us = (time_us % 1000000 + 1000000) % 1000000;
    int64_t seconds = (time_us - of_second_us) / 1000000;
    int64_t of_day = (seconds % 86400 + 86400) % 86400;
    int64_t days = (seconds - of_day) / 86400;

    /* Days since 1970 to a date of the Gregorian calendar, in years that begin in March, so
       that the leap day is a year's last. An era is 400 years, 146,097 days. */
    int64_t day = days + 719468;
    int64_t era = day / 146097, of_era = day % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);

    text_add_bytes(text, "\"", 1);
    add_digits(text, (uint64_t)year, 4);
    text_add_bytes(text, "-", 1);
    add_digits(text, (uint64_t)month, 2);
    text_add_bytes(text, "-", 1);
    add_digits(text, (uint64_t)of_month, 2);
    text_add_bytes(text, "T", 1);
    add_digits(text, (uint64_t)(of_day / 3600), 2);
    text_add_bytes(text, ":", 1);
    add_digits(text, (uint64_t)(of_day / 60 % 60), 2);
    text_add_bytes(text, ":", 1);
    add_digits(text, (uint64_t)(of_day % 60), 2);
    text_add_bytes(text, ".", 1);
    add_digits(text, (uint64_t)(of_second_us / 1000), 3);
    text_add_bytes(text, "Z\"", 2);
}
