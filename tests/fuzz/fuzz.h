/*
 * What the harnesses share. Each is one file that defines LLVMFuzzerTestOneInput, as libFuzzer's
 * manual has it, and asserts what must hold for every input; "make fuzz" links it with libFuzzer
 * and looks for inputs, the tests link it with replay.c and feed it those of corpus/.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0: libFuzzer keeps the other values for itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
