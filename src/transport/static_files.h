/* The page's built files: a fixed list made at start, served from memory.
**
** Only what was in the folder at the start can be asked for, so no path of a request ever reaches the file system. Each
** file has an entity tag and, where it helps, a gzipped copy. Files under assets/ carry a hash in their name and never
** change; the others are asked for again each time. A path without a file extension belongs to the page's own routes and gets
** index.html. Bounds: MAX_STATIC_FILES, MAX_STATIC_BYTES, MAX_STATIC_DEPTH folders. Thread: any, immutable.
*/
#ifndef TRANSPORT_STATIC_FILES_H
#define TRANSPORT_STATIC_FILES_H

#include "base/buffer.h"

enum { MAX_STATIC_FILES = 2000, MAX_STATIC_BYTES = 64 << 20, MAX_STATIC_DEPTH = 8 };

typedef struct static_file {
  char *path; /* "/assets/index-1a2b.js" */
  const char *content_type;
  char etag[40];
  bool immutable;
  buffer plain, gzipped; /* gzipped is empty where it does not pay */
} static_file;

typedef struct static_files static_files;

/* dir NULL or not there: an empty list. NULL: too many or too large files, or out of memory. */
static_files *static_files_load(const char *dir, error *err) MUST_USE;
void static_files_free(static_files *f);
/* The file for a request's path (not decoded), or NULL. "/" and the page's routes give index.html. */
const static_file *static_files_find(const static_files *f, const char *path);
bool static_files_empty(const static_files *f);

#endif
