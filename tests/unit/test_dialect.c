/* The texts of replies in each dialect (setting http.dialect). */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/api/dialect.h"
#include "fcgi/api/endpoints.h"

static struct settings settings;
static struct reply reply;
static char bytes[REPLY_BODY_MAX];

static void speak(const char *dialect)
{
    char assignment[64];
    snprintf(assignment, sizeof assignment, "http.dialect=%s", dialect);
    settings_default(&settings);
    assert_true(settings_override(&settings, assignment, stderr));
    reply_begin(&reply, bytes, sizeof bytes - 1);
}

/* The body so far, as a string. */
static const char *body(void)
{
    bytes[reply.body.used] = '\0';
    return bytes;
}

static struct job job_of(enum outcome outcome)
{
    struct job job = {.checkout = {.user = {"amy", 3}}};
    job.decision = (struct decision){.outcome = outcome,
                                     .code = {1, 47, {0}},
                                     .purchase_limit = 7,
                                     .name = "Orchid Lava Chime",
                                     .user = "amy"};
    return job;
}

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const char *dialect, *checkout, *purchase;
    } cases[] = {
        {"default", "success", "success"},
        {"a", "success", "success"},
        {"b", "success", "Purchase successful"},
        {"c", "success", "success"},
        {"d", "Checkout code generated successfully", "Purchase completed successfully"},
        {"e", "success", "success"},
    };
    static const enum outcome checked_out[] = {OUTCOME_ACCEPTED, OUTCOME_REPEATED},
                              purchased[] = {OUTCOME_PURCHASED, OUTCOME_REPEATED};
    char wanted[128];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct job job = job_of(checked_out[j]);
            speak(cases[i].dialect);
            checkout_reply(&settings, &job, &reply);
            snprintf(wanted, sizeof wanted,
                     "{\"success\":true,\"message\":\"%s\",\"code\":", cases[i].checkout);
            assert_memory_equal(body(), wanted, strlen(wanted));

            job = job_of(purchased[j]);
            speak(cases[i].dialect);
            purchase_reply(&settings, &job, &reply);
            snprintf(wanted, sizeof wanted,
                     "{\"success\":true,\"message\":\"%s\",\"status\":\"success\",",
                     cases[i].purchase);
            assert_memory_equal(body(), wanted, strlen(wanted));
        }
    }
}

static void test_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *dialect, *text;
    } cases[] = {
        {"default", "You have bought as many items of this sale as one user may."},
        {"b", "User has reached the maximum of 7 items per sale"},
        {"d", "User purchase limit exceeded"},
    };
    char wanted[128];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct job job = job_of(OUTCOME_USER_LIMIT);
        speak(cases[i].dialect);
        checkout_reply(&settings, &job, &reply);
        snprintf(wanted, sizeof wanted, "\"detail\":\"%s\"", cases[i].text);
        assert_non_null(strstr(body(), wanted));
        snprintf(wanted, sizeof wanted, "\"message\":\"%s\"", cases[i].text);
        assert_non_null(strstr(body(), wanted));
        assert_non_null(strstr(body(), "\"outcome\":\"user_limit\""));
        assert_int_equal(reply.status, 429);
    }
}

/* Only dialect B lets a user at the limit check out. */
static void test_checkout_at_the_limit(void **state)
{
    (void)state;
    static const char *const others[] = {"default", "a", "c", "d", "e"};
    speak("b");
    assert_true(dialect_of(&settings)->checkout_ignores_limit);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        speak(others[i]);
        assert_false(dialect_of(&settings)->checkout_ignores_limit);
    }
}

static void test_other_refusals_say_the_same(void **state)
{
    (void)state;
    char first[REPLY_BODY_MAX];
    struct job job = job_of(OUTCOME_SOLD);
    speak("default");
    checkout_reply(&settings, &job, &reply);
    strcpy(first, body());
    speak("b");
    checkout_reply(&settings, &job, &reply);
    assert_string_equal(body(), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages),
                                       cmocka_unit_test(test_the_limit),
                                       cmocka_unit_test(test_checkout_at_the_limit),
                                       cmocka_unit_test(test_other_refusals_say_the_same)};
    return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
