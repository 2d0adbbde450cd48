/*
 * What unit tests share: cmocka, after the headers that it needs; capturing standard error; checks
 * of CHECK. Each test file is a program, run from the repository's root; it prints TAP with
 * CMOCKA_MESSAGE_OUTPUT=TAP.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

/* What is written to standard error between capture_begin() and capture_end(); cut to fit. */
struct capture {
    int saved;
    int pipe[2];
    char text[8192];
};

static inline void capture_begin(struct capture *capture)
{
    fflush(stderr);
    assert_true(log_flush(5000));
    assert_int_equal(pipe(capture->pipe), 0);
    /* A read of an empty pipe must not wait. */
    assert_int_equal(fcntl(capture->pipe[0], F_SETFL, O_NONBLOCK), 0);
    capture->saved = dup(STDERR_FILENO);
    assert_true(capture->saved >= 0);
    assert_true(dup2(capture->pipe[1], STDERR_FILENO) >= 0);
}

static inline void capture_end(struct capture *capture)
{
    fflush(stderr);
    assert_true(log_flush(5000));
    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    close(capture->pipe[1]);
    ssize_t length = read(capture->pipe[0], capture->text, sizeof capture->text - 1);
    close(capture->pipe[0]);
    capture->text[length > 0 ? length : 0] = 0;
}

/* Whether the call aborts the program with CHECKS=stop. */
static inline bool check_stops(void (*call)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0}; /* no core file */
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* instead of cmocka's handler */
        close(STDERR_FILENO);
        setenv("CHECKS", "stop", 1);
        call();
        _exit(EXIT_SUCCESS);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

/* Whether the call returns without CHECKS=stop, and logs that `condition` does not hold. */
static inline bool check_says(void (*call)(void), const char *condition)
{
    static struct capture capture;
    const char *checks = getenv("CHECKS");
    char *before = checks ? strdup(checks) : NULL;
    unsetenv("CHECKS");
    capture_begin(&capture);
    call();
    capture_end(&capture);
    if (before)
        setenv("CHECKS", before, 1);
    free(before);
    return strstr(capture.text, "a fault of the program") && strstr(capture.text, condition);
}

#endif
