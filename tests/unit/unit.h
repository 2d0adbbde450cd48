/*
 * What unit tests share: cmocka with the headers it wants in front, and what goes to standard
 * error. Each test is a program of its own, run from the repository's root; TAP comes out of it
 * with CMOCKA_MESSAGE_OUTPUT=TAP.
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

/* What was written to standard error between the two calls, as a string, cut to fit. */
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
    /* Nothing may wait: a test reads only once it has written. */
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

/* Where CHECKS is stop the call ends the program; false: it does not, or otherwise. */
static inline bool check_stops(void (*call)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0}; /* no core file */
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* not cmocka's */
        close(STDERR_FILENO);
        setenv("CHECKS", "stop", 1);
        call();
        _exit(EXIT_SUCCESS);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

/* Where it is not, the call returns, and the log says what does not hold. */
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
