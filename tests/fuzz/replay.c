/*
 * Feeds a harness its inputs, and prints a line of TAP for each: the files that the command line
 * names, or those in tests/fuzz/corpus/NAME, where NAME is the program's. Every input has a block
 * of memory of exactly its size, so that a sanitizer sees a read beyond it. An input that fails an
 * assertion ends the program.
 */
#include <dirent.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { PATH_BYTES_MAX = 4096, INPUT_BYTES_MAX = 1 << 20 };

static bool replay(const char *path)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    bool is_read = !ferror(file) && feof(file);
    fclose(file);
    uint8_t *input = malloc(length > 0 ? length : 1);
    if (!is_read || !input) {
        free(input);
        return false;
    }
    memcpy(input, bytes, length);
    LLVMFuzzerTestOneInput(input, length);
    free(input);
    return true;
}

static bool report(int number, const char *path)
{
    /* Printed before, as the input may end the program. */
    printf("# %s\n", path);
    fflush(stdout);
    bool good = replay(path);
    printf("%s %d - %s\n", good ? "ok" : "not ok", number, path);
    return good;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int count, char **arguments)
{
    bool good = true;
    if (count > 1) {
        printf("1..%d\n", count - 1);
        for (int i = 1; i < count; i++)
            good = report(i, arguments[i]) && good;
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
    }

    char folder[PATH_BYTES_MAX], path[2 * PATH_BYTES_MAX];
    struct dirent **inputs = NULL;
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", basename(arguments[0]));
    int found = scandir(folder, &inputs, is_input, alphasort);
    if (found <= 0) {
        printf("Bail out! there is nothing in %s\n", folder);
        return EXIT_FAILURE;
    }
    printf("1..%d\n", found);
    for (int i = 0; i < found; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, inputs[i]->d_name);
        good = report(i + 1, path) && good;
        free(inputs[i]);
    }
    free(inputs);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
