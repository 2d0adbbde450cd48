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
#include <stdio.h>
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

#endif
