/*
 * The least that a FastCGI worker can do: a thread for each connection, a fixed reply of the size
 * of a real one, without decisions or storage. The cost of the sale is measured against it.
 *
 *     spawn-fcgi -n -s SOCKET -- empty_worker THREADS
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 128 * 1024 };

/* A checkout's reply and a purchase's, as long as real ones. */
static char checkout_reply[800], purchase_reply[800];

static void make_reply(char *reply, size_t size, const char *member)
{
    char body[512];
    int length = snprintf(body, sizeof body,
                          "{\"success\":true,\"message\":\"success\",%s,\"pad\":\"", member);
    memset(body + length, 'x', 428 - (size_t)length);
    strcpy(body + 428, "\"}");
    snprintf(reply, size,
             "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
             "X-Request-Id: 0123456789abcdef01234567\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
}

static void *serve(void *unused)
{
    FCGX_Request request;
    (void)unused;
    FCGX_InitRequest(&request, STDIN_FILENO, 0);
    while (FCGX_Accept_r(&request) == 0) {
        const char *path = FCGX_GetParam("PATH_INFO", request.envp);
        const char *reply =
            path && strcmp(path, "/purchase") == 0 ? purchase_reply : checkout_reply;
        FCGX_PutStr(reply, (int)strlen(reply), request.out);
    }
    return NULL;
}

int main(int count, char **arguments)
{
    int threads = count == 2 ? atoi(arguments[1]) : 0;
    if (threads < 1 || FCGX_Init() != 0) {
        fprintf(stderr, "usage: spawn-fcgi -n -s SOCKET -- empty_worker THREADS\n");
        return EXIT_FAILURE;
    }
    make_reply(checkout_reply, sizeof checkout_reply,
               "\"code\":\"AAAAAQAAAAWyUJpObQn3LCdxnGKTKpzt\"");
    make_reply(purchase_reply, sizeof purchase_reply, "\"status\":\"success\"");

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, serve, NULL) != 0)
            return EXIT_FAILURE;
    }
    serve(NULL);
    return EXIT_SUCCESS;
}
