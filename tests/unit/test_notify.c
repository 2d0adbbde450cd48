/* Notifications of the service manager, over its socket. */

#include "unit.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi/server/notify.h"

enum { WAIT_S = 5 };

/* A service manager's socket: at a path, or abstract if `name` begins with '@' (unix(7)). */
static int manager_open(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval wait = {.tv_sec = WAIT_S};
    size_t length = strlen(name);
    assert_true(length < sizeof address.sun_path);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return fd;
}

static void assert_notified(const char *name)
{
    char text[64] = "";
    int fd = manager_open(name);
    setenv("NOTIFY_SOCKET", name, 1);
    notify(NOTIFY_READY);
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(recv(fd, text, sizeof text - 1, 0), strlen("READY=1"));
    assert_string_equal(text, "READY=1");
    close(fd);
}

static void test_path(void **state)
{
    (void)state;
    char folder[] = "/tmp/flashsale-notify-XXXXXX";
    char path[sizeof folder + sizeof "/socket"];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    assert_notified(path);
    unlink(path);
    rmdir(folder);
}

static void test_abstract_name(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@flashsale-notify-%d", (int)getpid());
    assert_notified(name);
}

/* None of these is a socket, and notify() returns all the same. */
static void test_no_socket(void **state)
{
    (void)state;
    char long_path[200];
    memset(long_path, '/', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    const char *const wrong[] = {"", "relative", "/nonexistent/socket", long_path};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        notify(NOTIFY_STOPPING);
    }
    unsetenv("NOTIFY_SOCKET");
    notify(NOTIFY_STOPPING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_abstract_name),
        cmocka_unit_test(test_no_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
