/*
 * What the harnesses share. A harness is a file that defines LLVMFuzzerTestOneInput (libFuzzer's
 * manual) and asserts what must hold for every input. "make fuzz" links it with libFuzzer, which
 * searches for inputs. The tests link it with replay.c, which feeds it the inputs in corpus/.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0: libFuzzer reserves other values. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
