#include "command/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void executable_folder(char *out, size_t size) {
  ssize_t n = readlink("/proc/self/exe", out, size - 1);
  out[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(out, '/');
  if (slash) *slash = '\0';
}

static const char *first_there(const char *const *candidates, size_t count, int type, char *out, size_t size) {
  struct stat st;
  for (size_t i = 0; i < count; i++) {
    if (stat(candidates[i], &st) || (st.st_mode & S_IFMT) != (mode_t)type) continue;
    snprintf(out, size, "%s", candidates[i]);
    return out;
  }
  out[0] = '\0';
  return out;
}

enum { ROOM = MAX_PATH_BYTES + 64 };

const char *paths_folder(const char *name, char *out, size_t size) {
  char folder[MAX_PATH_BYTES], tree[ROOM], installed[ROOM], here[ROOM];
  const char *sub = strcmp(name, "ui") ? "" : "/dist"; /* the page as it was built */
  executable_folder(folder, sizeof folder);
  snprintf(tree, sizeof tree, "%s/../../%s%s", folder, name, sub);
  snprintf(installed, sizeof installed, "%s/../share/viewserver/%s", folder, name);
  snprintf(here, sizeof here, "%s%s", name, sub);
  return first_there((const char *const[]){tree, installed, here}, 3, S_IFDIR, out, size);
}

const char *paths_library(const char *name, char *out, size_t size) {
  char folder[MAX_PATH_BYTES], beside[ROOM], installed[ROOM];
  executable_folder(folder, sizeof folder);
  snprintf(beside, sizeof beside, "%s/%s", folder, name);
  snprintf(installed, sizeof installed, "%s/../lib/viewserver/%s", folder, name);
  return first_there((const char *const[]){beside, installed}, 2, S_IFREG, out, size);
}

const char *paths_live_db(int port, char *out, size_t size) {
  struct stat st;
  bool in_memory = stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode);
  snprintf(out, size, "%s/viewserver-%d.db", in_memory ? "/dev/shm" : "/tmp", port);
  return out;
}
