/* A folder of view files: NAME.sql each, read again when one changes. Thread: one at a time. */
#ifndef CATALOG_FOLDER_H
#define CATALOG_FOLDER_H

#include "catalog/view.h"

enum { MAX_VIEW_FILES = 1000 };

typedef struct view_folder view_folder;

/* What a scan found. text is NULL when the file is gone, or cannot be read (then problem.code is set). */
typedef struct view_file {
  char name[MAX_VIEW_NAME_BYTES + 1];
  char path[4096];
  char *text;
  size_t bytes;
  error problem;
} view_file;

view_folder *view_folder_open(const char *path, error *err) MUST_USE; /* ERR_IO: no such folder */
void view_folder_close(view_folder *f);
const char *view_folder_path(const view_folder *f);

/* The files that are new, changed (by time, size or inode) or gone since the last scan; all of them the first time. The
** caller frees with view_files_free. false: the folder cannot be read, or holds more than MAX_VIEW_FILES. */
bool view_folder_scan(view_folder *f, view_file **files, int *count, error *err) MUST_USE;
void view_files_free(view_file *files, int count);

/* Whether view_folder_write may work; else ERR_IO says what to do. */
bool view_folder_writable(const view_folder *f, error *err) MUST_USE;
/* Writes or removes NAME.sql, whole or not at all. The next scan reports it. */
bool view_folder_write(view_folder *f, const char *name, const char *text, error *err) MUST_USE;
bool view_folder_remove(view_folder *f, const char *name, error *err) MUST_USE;

#endif
