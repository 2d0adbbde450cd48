/*
 * The settings of both programs: one table in settings.c names each, with its type, bounds,
 * default and meaning; conf/flashsale.conf shows them all.
 *
 * The file has the syntax of libconfig (https://hyperrealm.github.io/libconfig/): groups of
 * settings. On a command line a setting is "group.name=value", and in the environment the variable
 * FLASHSALE_GROUP_NAME. Words ("debug", "true") are taken in either case.
 */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "log.h"

enum { SETTING_TEXT_MAX = 512 };

enum identity { IDENTITY_PARAMETER, IDENTITY_REMOTE_USER };

/* Whose texts replies have (fcgi/api/dialect.h). */
enum dialect_name { DIALECT_DEFAULT, DIALECT_A, DIALECT_B, DIALECT_C, DIALECT_D, DIALECT_E };

enum unknown_item { UNKNOWN_ITEM_REFUSE, UNKNOWN_ITEM_ANY };

struct settings {
    struct {
        char listen[108]; /* sun_path's size, unix(7) */
        int threads;
        int connections_max;
        int keepalive_connections_max;
        int wait_ms_max;
        int stop_ms_max;
    } worker;
    struct {
        int checkout_batchers;
        int purchase_batchers;
        int size_max;
        int linger_us_max;
    } batch;
    struct {
        char worker_conninfo[SETTING_TEXT_MAX];
        char generator_conninfo[SETTING_TEXT_MAX];
        int connect_ms_max;
        int statement_ms_max;
    } database;
    struct {
        char address[SETTING_TEXT_MAX];
        char user[SETTING_TEXT_MAX];
        char password_file[SETTING_TEXT_MAX];
        int timeout_ms;
        bool fail_open;
    } redis;
    struct {
        int items_per_sale;
        int duration_s;
        int hold_s;
        int purchase_limit;
        int sales_ahead;
        int generated_every_s; /* 0: by no timer */
        bool stays_open_until_sold_out;
        int unknown_item; /* enum unknown_item */
    } sale;
    struct {
        int retention_days;
    } attempt;
    struct {
        int identity; /* enum identity */
        int dialect;  /* enum dialect_name */
        int body_bytes_max;
        int status_unavailable;
        int status_limit;
        int status_unknown_code;
    } http;
    struct {
        char file[SETTING_TEXT_MAX];
    } metrics;
    struct {
        int level; /* enum log_level */
    } log;
};

/* Sets every setting to its default. */
void settings_default(struct settings *settings);

/*
 * Reads `path`, and the files that it includes, over what `settings` holds. Whatever is wrong in
 * them - a syntax error, a name that is no setting, a value of another type or out of bounds, or
 * one that means nothing to whoever will use it - is told on `errors`, a line each with file, line
 * and what was expected; then the result is false and the settings are not to be used.
 */
bool settings_read(struct settings *settings, const char *path, FILE *errors)
    __attribute__((warn_unused_result));

#define SETTINGS_VARIABLE_PREFIX "FLASHSALE_"

/*
 * Sets those that variables of `environment` name, as environ(7) has them. One that is set but
 * empty sets an empty text. A variable that begins with SETTINGS_VARIABLE_PREFIX and names no
 * setting is an error. Errors as above, with the variable's name in place of file and line. `count`
 * is how many variables named a setting.
 */
bool settings_environment(struct settings *settings, char *const *environment, int *count,
                          FILE *errors) __attribute__((warn_unused_result));

/* Sets one from "group.name=value"; errors as above, without file and line. */
bool settings_override(struct settings *settings, const char *assignment, FILE *errors)
    __attribute__((warn_unused_result));

/* Checks what settings demand of each other, once all are read. */
bool settings_check(const struct settings *settings, FILE *errors)
    __attribute__((warn_unused_result));

/* Checks that the files and folders that they name are there, as they are now. */
bool settings_check_files(const struct settings *settings, FILE *errors)
    __attribute__((warn_unused_result));

/* Calls `visit` with each setting's name ("group.name") and meaning, in the table's order. */
void settings_each(void (*visit)(const char *name, const char *meaning, void *context),
                   void *context);

#endif
