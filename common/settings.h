/*
 * The settings of both programs. A table in settings.c has the name, type, bounds, default and
 * meaning of each; conf/flashsale.conf shows them all.
 *
 * The file has the syntax of libconfig (https://hyperrealm.github.io/libconfig/): groups of
 * settings. On the command line a setting is "group.name=value"; in the environment it is the
 * variable FLASHSALE_GROUP_NAME. Words ("debug", "true") may be in upper or lower case.
 *
 * Read and check settings before other threads exist; later any thread may read the struct.
 */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "log.h"

enum { SETTING_TEXT_MAX = 512 };

enum identity { IDENTITY_PARAMETER, IDENTITY_REMOTE_USER };

/* Which service's texts replies have (fcgi/api/dialect.h). */
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
        int holds_max; /* -1: as many as purchase_limit; 0: any number */
        int draw_s;    /* 0: no draw */
        int sales_ahead;
        int generated_every_s; /* 0: no timer runs the generator */
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
        int user_rate;                       /* requests a second; 0: no limit */
        int user_burst;                      /* requests at once */
        char allow_origin[SETTING_TEXT_MAX]; /* origins (origin.h), separated by blanks */
        char login_url[SETTING_TEXT_MAX];    /* "": none */
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

/* How many items a user may hold at once in a sale that is made by the settings; 0: any number. */
int settings_holds_max(const struct settings *settings);

/*
 * Reads `path`, and the files that it includes, over what `settings` holds. False: something is
 * wrong, and the settings must not be used. Each error - of syntax, an unknown name, a value of the
 * wrong type, out of bounds or of no use to its reader - is a line on `errors` with file, line and
 * what was expected.
 */
bool settings_read(struct settings *settings, const char *path, FILE *errors)
    __attribute__((warn_unused_result));

#define SETTINGS_VARIABLE_PREFIX "FLASHSALE_"

/*
 * Sets the settings that the variables of `environment` (environ(7)) name. An empty variable sets
 * an empty text. A variable that begins with SETTINGS_VARIABLE_PREFIX and names no setting is an
 * error. Errors are as above, with the variable's name in place of file and line. *count is how
 * many variables set a setting.
 */
bool settings_environment(struct settings *settings, char *const *environment, int *count,
                          FILE *errors) __attribute__((warn_unused_result));

/* Sets a setting from "group.name=value"; errors are as above, with "-o" in place of file and line.
 */
bool settings_override(struct settings *settings, const char *assignment, FILE *errors)
    __attribute__((warn_unused_result));

/* Checks the settings against each other, after all were read. Errors are lines on `errors`. */
bool settings_check(const struct settings *settings, FILE *errors)
    __attribute__((warn_unused_result));

/* Checks that the files and folders that the settings name exist, or can be created. */
bool settings_check_files(const struct settings *settings, FILE *errors)
    __attribute__((warn_unused_result));

/* Calls `visit` with each setting's name ("group.name") and meaning, in the table's order. */
void settings_each(void (*visit)(const char *name, const char *meaning, void *context),
                   void *context);

#endif
