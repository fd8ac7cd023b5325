#include "transport/static_files.h"

#include "base/log.h"
#include "transport/gzip_stream.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

struct static_files {
  int count;
  size_t bytes;
  static_file items[MAX_STATIC_FILES];
};

typedef struct content_kind {
  const char *extension, *type;
  bool compressible;
} content_kind;

static const content_kind kinds[] = {
  {".html", "text/html; charset=utf-8", true},   {".js", "text/javascript; charset=utf-8", true},
  {".mjs", "text/javascript; charset=utf-8", true}, {".css", "text/css; charset=utf-8", true},
  {".json", "application/json", true},           {".map", "application/json", true},
  {".webmanifest", "application/manifest+json", true}, {".svg", "image/svg+xml", true},
  {".txt", "text/plain; charset=utf-8", true},   {".ico", "image/x-icon", false},
  {".png", "image/png", false},                  {".jpg", "image/jpeg", false},
  {".webp", "image/webp", false},                {".woff2", "font/woff2", false},
  {".woff", "font/woff", false},                 {".wasm", "application/wasm", true},
};

static const content_kind *kind_of(const char *path) {
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcmp(dot, kinds[i].extension) == 0) return &kinds[i];
  return NULL;
}

static bool read_file(const char *path, buffer *out, error *err) {
  FILE *file = fopen(path, "rb");
  if (!file) return error_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
  char piece[16384];
  size_t n;
  while ((n = fread(piece, 1, sizeof piece, file)) > 0 && out->len <= MAX_STATIC_BYTES) buffer_append(out, piece, n);
  bool ok = !ferror(file) && !out->failed;
  fclose(file);
  return ok ? true : error_set(err, ERR_IO, "cannot read %s", path);
}

/* A copy that saves less than a tenth is not worth its memory. */
static void compress(static_file *f) {
  gzip_stream *g = gzip_stream_new(GZIP_SMALL);
  bool ok = g && gzip_stream_put(g, f->plain.data, f->plain.len, true, &f->gzipped);
  gzip_stream_free(g);
  if (!ok || f->gzipped.len > f->plain.len - f->plain.len / 10) buffer_free(&f->gzipped);
}

static bool add_file(static_files *list, const char *disk_path, const char *url_path, error *err) {
  const content_kind *kind = kind_of(url_path);
  if (!kind) {
    log_warn("ui file=%s: not served, its kind of file is not known", disk_path);
    return true;
  }
  if (list->count == MAX_STATIC_FILES) return error_set(err, ERR_LIMIT, "the page's folder has more than %d files", MAX_STATIC_FILES);
  static_file *f = &list->items[list->count++];
  f->path = strdup(url_path);
  f->content_type = kind->type;
  f->immutable = strncmp(url_path, "/assets/", strlen("/assets/")) == 0;
  if (!f->path) return error_nomem(err);
  if (!read_file(disk_path, &f->plain, err)) return false;
  list->bytes += f->plain.len;
  if (list->bytes > MAX_STATIC_BYTES) return error_set(err, ERR_LIMIT, "the page's folder has more than %d MiB", MAX_STATIC_BYTES >> 20);
  snprintf(f->etag, sizeof f->etag, "%016" PRIx64, (uint64_t)XXH3_64bits(f->plain.data, f->plain.len));
  if (kind->compressible && f->plain.len) compress(f);
  return true;
}

static bool add_entry(static_files *list, const char *disk_path, const char *url_path, int depth, error *err);

static bool add_folder(static_files *list, const char *disk_path, const char *url_path, int depth, error *err) {
  if (depth > MAX_STATIC_DEPTH) return error_set(err, ERR_LIMIT, "the page's folder is nested deeper than %d", MAX_STATIC_DEPTH);
  DIR *dir = opendir(disk_path);
  if (!dir) return error_set(err, ERR_IO, "cannot read the folder %s: %s", disk_path, strerror(errno));
  bool ok = true;
  for (struct dirent *d = readdir(dir); d && ok; d = readdir(dir)) {
    if (d->d_name[0] == '.') continue;
    buffer disk = {0}, url = {0};
    buffer_printf(&disk, "%s/%s", disk_path, d->d_name);
    buffer_printf(&url, "%s/%s", url_path, d->d_name);
    ok = disk.failed || url.failed ? error_nomem(err) : add_entry(list, disk.data, url.data, depth, err);
    buffer_free(&disk);
    buffer_free(&url);
  }
  closedir(dir);
  return ok;
}

/* Symbolic links are not followed: what is served lies in the folder. */
static bool add_entry(static_files *list, const char *disk_path, const char *url_path, int depth, error *err) {
  struct stat st;
  if (lstat(disk_path, &st) != 0) return error_set(err, ERR_IO, "cannot look at %s: %s", disk_path, strerror(errno));
  if (S_ISDIR(st.st_mode)) return add_folder(list, disk_path, url_path, depth + 1, err);
  return S_ISREG(st.st_mode) ? add_file(list, disk_path, url_path, err) : true;
}

static int by_path(const void *a, const void *b) { return strcmp(((const static_file *)a)->path, ((const static_file *)b)->path); }

static_files *static_files_load(const char *dir, error *err) {
  static_files *list = calloc(1, sizeof *list);
  if (!list) {
    error_nomem(err);
    return NULL;
  }
  struct stat st;
  if (!dir || stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) return list;
  if (!add_folder(list, dir, "", 1, err)) {
    static_files_free(list);
    return NULL;
  }
  qsort(list->items, (size_t)list->count, sizeof list->items[0], by_path);
  return list;
}

void static_files_free(static_files *f) {
  if (!f) return;
  for (int i = 0; i < f->count; i++) {
    free(f->items[i].path);
    buffer_free(&f->items[i].plain);
    buffer_free(&f->items[i].gzipped);
  }
  free(f);
}

bool static_files_empty(const static_files *f) { return f->count == 0; }

static const static_file *find_exact(const static_files *f, const char *path) {
  static_file key = {.path = (char *)path};
  return bsearch(&key, f->items, (size_t)f->count, sizeof f->items[0], by_path);
}

const static_file *static_files_find(const static_files *f, const char *path) {
  const static_file *found = find_exact(f, path);
  const char *last = strrchr(path, '/');
  bool own_route = last && !strchr(last, '.') && !strchr(path, '%') && !strstr(path, "/.");
  if (!found && own_route) found = find_exact(f, "/index.html");
  return found;
}
