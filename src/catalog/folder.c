#include "catalog/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the last scan saw of a file. */
typedef struct seen {
  char name[MAX_VIEW_NAME_BYTES + 1];
  struct timespec modified;
  off_t size;
  ino_t inode;
  bool present; /* in the scan that runs */
} seen;

struct view_folder {
  char path[3500];
  seen *seen;
  int count, capacity;
};

view_folder *view_folder_open(const char *path, error *err) {
  struct stat st;
  if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
    error_set(err, ERR_IO, "the views' folder %s cannot be read: %s", path, errno ? strerror(errno) : "not a folder");
    error_hint(err, "name it with --views DIR");
    return NULL;
  }
  view_folder *f = calloc(1, sizeof *f);
  if (!f) {
    error_nomem(err);
    return NULL;
  }
  if (strlen(path) < sizeof f->path) {
    snprintf(f->path, sizeof f->path, "%s", path);
    return f;
  }
  error_set(err, ERR_LIMIT, "the path of the views' folder is too long");
  free(f);
  return NULL;
}

void view_folder_close(view_folder *f) {
  if (!f) return;
  free(f->seen);
  free(f);
}

const char *view_folder_path(const view_folder *f) { return f->path; }

static seen *find(view_folder *f, const char *name) {
  for (int i = 0; i < f->count; i++)
    if (!strcmp(f->seen[i].name, name)) return &f->seen[i];
  return NULL;
}

static seen *find_or_add(view_folder *f, const char *name) {
  seen *s = find(f, name);
  if (s) return s;
  if (f->count == f->capacity) {
    int capacity = f->capacity ? f->capacity * 2 : 32;
    seen *more = realloc(f->seen, sizeof *more * (size_t)capacity);
    if (!more) return NULL;
    f->seen = more;
    f->capacity = capacity;
  }
  s = &f->seen[f->count++];
  memset(s, 0, sizeof *s);
  snprintf(s->name, sizeof s->name, "%s", name);
  return s;
}

static bool unreadable(view_file *file, const char *why) {
  error_set(&file->problem, ERR_IO, "cannot be read: %s", why);
  return error_at(&file->problem, file->path, 0, 0);
}

static bool read_text(view_file *file) {
  int fd = open(file->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unreadable(file, strerror(errno));
  file->text = malloc(MAX_VIEW_BYTES + 2);
  ssize_t n = 0;
  while (file->text && file->bytes <= MAX_VIEW_BYTES) {
    n = read(fd, file->text + file->bytes, MAX_VIEW_BYTES + 1 - file->bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    file->bytes += (size_t)n;
  }
  int failed = errno;
  close(fd);
  if (!file->text) return error_nomem(&file->problem);
  if (n < 0) {
    free(file->text);
    file->text = NULL;
    return unreadable(file, strerror(failed));
  }
  file->text[file->bytes] = '\0';
  return true;
}

typedef struct found {
  view_file *files;
  int count, capacity;
} found;

static view_file *add_file(const view_folder *f, found *out, const char *name) {
  if (out->count == out->capacity) {
    int capacity = out->capacity ? out->capacity * 2 : 16;
    view_file *more = realloc(out->files, sizeof *more * (size_t)capacity);
    if (!more) return NULL;
    out->files = more;
    out->capacity = capacity;
  }
  view_file *file = &out->files[out->count++];
  memset(file, 0, sizeof *file);
  snprintf(file->name, sizeof file->name, "%s", name);
  snprintf(file->path, sizeof file->path, "%s/%s.sql", f->path, name);
  return file;
}

/* The view's name when the entry is a view file. A name that is too long is cut, and then refused as it does not fit. */
static bool view_name(const char *entry, char *out, size_t size) {
  size_t n = strlen(entry);
  if (n < 5 || entry[0] == '.' || strcmp(entry + n - 4, ".sql")) return false;
  snprintf(out, size, "%.*s", (int)(n - 4), entry);
  return true;
}

static bool look_at(view_folder *f, const char *entry, found *out, error *err) {
  char name[MAX_VIEW_NAME_BYTES + 1];
  if (!view_name(entry, name, sizeof name)) return true;
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", f->path, entry);
  struct stat st;
  if (stat(path, &st) || !S_ISREG(st.st_mode)) return true;
  seen *s = find_or_add(f, name);
  if (!s) return error_nomem(err);
  if (f->count > MAX_VIEW_FILES) return error_set(err, ERR_LIMIT, "%s holds more than %d views", f->path, MAX_VIEW_FILES);
  s->present = true;
  if (s->inode == st.st_ino && s->size == st.st_size && s->modified.tv_sec == st.st_mtim.tv_sec && s->modified.tv_nsec == st.st_mtim.tv_nsec)
    return true;
  s->inode = st.st_ino;
  s->size = st.st_size;
  s->modified = st.st_mtim;
  view_file *file = add_file(f, out, name);
  if (!file) return error_nomem(err);
  (void)!read_text(file); /* its problem is in the file */
  return true;
}

static bool report_gone(view_folder *f, found *out, error *err) {
  for (int i = 0; i < f->count;) {
    if (f->seen[i].present) {
      i++;
      continue;
    }
    if (!add_file(f, out, f->seen[i].name)) return error_nomem(err);
    f->seen[i] = f->seen[--f->count];
  }
  return true;
}

static int by_name(const void *a, const void *b) { return strcmp(((const view_file *)a)->name, ((const view_file *)b)->name); }

bool view_folder_scan(view_folder *f, view_file **files, int *count, error *err) {
  *files = NULL;
  *count = 0;
  DIR *dir = opendir(f->path);
  if (!dir) return error_set(err, ERR_IO, "the views' folder %s cannot be read: %s", f->path, strerror(errno));
  for (int i = 0; i < f->count; i++) f->seen[i].present = false;
  found out = {0};
  bool done = true;
  for (struct dirent *e; done && (e = readdir(dir));) done = look_at(f, e->d_name, &out, err);
  closedir(dir);
  if (done) done = report_gone(f, &out, err);
  if (!done) {
    view_files_free(out.files, out.count);
    return false;
  }
  if (out.count) qsort(out.files, (size_t)out.count, sizeof *out.files, by_name);
  *files = out.files;
  *count = out.count;
  return true;
}

void view_files_free(view_file *files, int count) {
  for (int i = 0; i < count; i++) free(files[i].text);
  free(files);
}

bool view_folder_writable(const view_folder *f, error *err) {
  if (access(f->path, W_OK) == 0) return true;
  error_set(err, ERR_IO, "the views' folder %s cannot be written: %s", f->path, strerror(errno));
  return error_hint(err, "views that are sent are kept as files: make the folder writable, or name another with --views DIR");
}

static bool write_all(int fd, const char *text, size_t bytes) {
  while (bytes) {
    ssize_t n = write(fd, text, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text += n;
    bytes -= (size_t)n;
  }
  return true;
}

bool view_folder_write(view_folder *f, const char *name, const char *text, error *err) {
  char path[4096], draft[4096];
  snprintf(path, sizeof path, "%s/%s.sql", f->path, name);
  snprintf(draft, sizeof draft, "%s/.%s.sql.new", f->path, name);
  int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool done = fd >= 0 && write_all(fd, text, strlen(text));
  int failed = errno;
  if (fd >= 0 && close(fd) && done) {
    done = false;
    failed = errno;
  }
  if (done && rename(draft, path)) {
    done = false;
    failed = errno;
  }
  if (done) return true;
  if (fd >= 0) unlink(draft);
  return error_set(err, ERR_IO, "%s cannot be written: %s", path, strerror(failed));
}

bool view_folder_remove(view_folder *f, const char *name, error *err) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.sql", f->path, name);
  if (unlink(path) && errno != ENOENT) return error_set(err, ERR_IO, "%s cannot be removed: %s", path, strerror(errno));
  return true;
}
