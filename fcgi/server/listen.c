#include "listen.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

enum {
    LOCK_TRIES = 100,
    LOCK_PAUSE_US = 20000 /* another worker that starts in the same folder holds it for a moment */
};

static bool refuse(const char *path, const char *why)
{
    log_error("worker.listen = %s: %s", path, why);
    return false;
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, strlen(path));
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether the path is free: there is nothing, or a socket without a process that listens. A full
   backlog (EAGAIN) means that one does. */
static bool is_free(const char *path)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return errno == ENOENT || refuse(path, strerror(errno));
    if (!S_ISSOCK(found.st_mode))
        return refuse(path, "there is something that is no socket: it is left as it is");

    struct sockaddr_un address;
    int fd = unix_socket(path, &address);
    if (fd < 0)
        return refuse(path, strerror(errno));
    int error = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    if (error == ECONNREFUSED || error == ENOENT)
        return true;
    if (error == 0 || error == EAGAIN)
        return refuse(path, "another process listens there");
    return refuse(path, strerror(error));
}

/* Binds and listens at another path first: whoever finds the socket at `path` can connect. */
static int bind_and_rename(const char *path, int backlog)
{
    char beside[sizeof((struct sockaddr_un *)NULL)->sun_path];
    size_t length = strlen(path);
    memcpy(beside, path, length + 1);
    beside[length - 1] = beside[length - 1] == '~' ? '#' : '~';

    /* A worker that was killed at this point left it; or another worker uses that path. */
    if (!is_free(beside))
        return -1;
    unlink(beside);
    struct sockaddr_un address;
    int fd = unix_socket(beside, &address);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (is_bound && listen(fd, backlog) == 0 && rename(beside, path) == 0)
        return fd;
    refuse(path, strerror(errno));
    if (is_bound)
        unlink(beside);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Locks the folder: one worker at a time checks that the path is free, and takes it. Returns the
   descriptor that holds the lock. -1: it failed, and the log says why. */
static int lock_folder(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)NULL)->sun_path] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash > path ? slash - path : 1), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_locked = false;
    for (int i = 0; fd >= 0 && !is_locked && i < LOCK_TRIES; i++) {
        is_locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!is_locked)
            usleep(LOCK_PAUSE_US);
    }
    if (is_locked)
        return fd;
    log_error("worker.listen = %s: %s: %s", path, folder, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int listen_at(const char *where, int backlog)
{
    if (strchr(where, ':')) {
        int fd = FCGX_OpenSocket(where, backlog);
        if (fd < 0)
            log_error("worker.listen = %s: cannot be listened at", where);
        return fd;
    }
    if (strlen(where) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
        refuse(where, "longer than the path of a socket may be");
        return -1;
    }
    int folder_fd = lock_folder(where);
    if (folder_fd < 0)
        return -1;
    int fd = is_free(where) ? bind_and_rename(where, backlog) : -1;
    close(folder_fd);
    return fd;
}

int listen_given(void)
{
    if (!FCGX_IsCGI())
        return STDIN_FILENO;
    log_error("no socket to listen on: start it under spawn-fcgi, or set worker.listen");
    return -1;
}
