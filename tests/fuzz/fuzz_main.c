#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_CASES = 30000, MOST_BYTES = 4096, MOST_EDITS = 8 };

static uint64_t random_state;

static size_t pick(size_t n) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return n ? (size_t)(random_state >> 11) % n : 0;
}

static size_t put(uint8_t *data, size_t size, size_t at, const void *bytes, size_t n) {
  if (size + n > MOST_BYTES) return size;
  memmove(data + at + n, data + at, size - at);
  memcpy(data + at, bytes, n);
  return size + n;
}

static size_t mutate(uint8_t *data, size_t size, const char *other) {
  static const char interesting[] = "'\"`[](){},;.*-/\\x00 \n:@$?%&|<>=!~0123456789eExXAaNn_\x80\xff";
  size_t at = pick(size + 1), other_size = strlen(other), from = pick(other_size), n = pick(other_size - from + 1);
  uint8_t byte = (uint8_t)interesting[pick(sizeof interesting)]; /* the NUL at its end too */
  switch (pick(5)) {
    case 0: return put(data, size, at, &byte, 1);
    case 1: return put(data, size, at, other + from, n);
    case 2:
      if (at < size) data[at] = byte;
      return size;
    case 3: return at; /* cut off */
    default:
      n = pick(size - at + 1);
      memmove(data + at, data + at + n, size - at - n);
      return size - n;
  }
}

static void run_seeds(size_t cases) {
  static uint8_t data[MOST_BYTES];
  const char *const *seeds = fuzz_seeds();
  size_t count = 0;
  for (; seeds[count]; count++) LLVMFuzzerTestOneInput((const uint8_t *)seeds[count], strlen(seeds[count]));
  for (size_t i = 0; i < cases; i++) {
    const char *seed = seeds[pick(count)];
    size_t size = strlen(seed) < MOST_BYTES ? strlen(seed) : MOST_BYTES;
    memcpy(data, seed, size);
    for (size_t edits = 1 + pick(MOST_EDITS); edits > 0; edits--) size = mutate(data, size, seeds[pick(count)]);
    uint8_t *exact = malloc(size ? size : 1); /* of exactly this size, so that a sanitizer sees a read beyond */
    if (!exact) exit(EXIT_FAILURE);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
  }
}

static int run_file(const char *path) {
  FILE *f = fopen(path, "rb");
  static uint8_t data[1 << 20];
  if (!f) return perror(path), EXIT_FAILURE;
  size_t size = fread(data, 1, sizeof data, f);
  fclose(f);
  return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv) {
  const char *seed = getenv("VS_SEED"), *cases = getenv("VS_CASES");
  for (int i = 1; i < argc; i++)
    if (run_file(argv[i]) != 0) return EXIT_FAILURE;
  if (argc > 1) return EXIT_SUCCESS;
  random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
  printf("VS_SEED=%llu\n", (unsigned long long)random_state);
  fflush(stdout);
  run_seeds(cases ? strtoull(cases, NULL, 10) : DEFAULT_CASES);
  return EXIT_SUCCESS;
}
