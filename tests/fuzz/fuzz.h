/* A fuzzer is one file fuzz_<name>.c with these two. Built with clang and -DVS_FUZZ=ON it is a libFuzzer program; without,
** fuzz_main.c gives it a main that runs the seeds and a bounded number of mutations of them (VS_SEED repeats a run, VS_CASES
** sets the number), or the files that it is given. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* aborts on what must not be; returns 0 */
const char *const *fuzz_seeds(void);                          /* ends with NULL */

#endif
