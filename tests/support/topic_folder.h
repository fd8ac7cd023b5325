/* A temporary folder with files of topics, for tests: made by topic_folder_make, gone after topic_folder_remove. */
#ifndef SUPPORT_TOPIC_FOLDER_H
#define SUPPORT_TOPIC_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOPIC_FOLDER_FILES = 16 };

typedef struct topic_folder {
  char path[64];
  char files[TOPIC_FOLDER_FILES][128];
  int count;
} topic_folder;

static inline void topic_folder_make(topic_folder *f) {
  memset(f, 0, sizeof *f);
  snprintf(f->path, sizeof f->path, "/tmp/vs-topics-XXXXXX");
  if (!mkdtemp(f->path)) abort();
}

/* Writes, or writes over, one file. */
static inline void topic_folder_write(topic_folder *f, const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", f->path, name);
  FILE *file = fopen(path, "wb");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
  for (int i = 0; i < f->count; i++)
    if (!strcmp(f->files[i], path)) return;
  if (f->count == TOPIC_FOLDER_FILES) abort();
  memcpy(f->files[f->count++], path, sizeof path);
}

static inline void topic_folder_remove(topic_folder *f) {
  for (int i = 0; i < f->count; i++) unlink(f->files[i]);
  rmdir(f->path);
}

#endif
