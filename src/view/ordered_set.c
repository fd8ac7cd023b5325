#include "view/ordered_set.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A treap: a search tree by value that is a heap by a random priority. */
typedef struct ordered_entry {
  struct ordered_entry *left, *right;
  int64_t count;
  uint32_t priority;
  value v; /* its text is behind the entry */
} ordered_entry;

static int rank_of(value v) {
  switch (v.type) {
    case VALUE_NULL: return 0;
    case VALUE_INTEGER:
    case VALUE_REAL: return 1;
    case VALUE_TEXT: return 2;
    case VALUE_BLOB: return 3;
  }
  return 4;
}

/* An integer against a double, exactly. */
static int compare_mixed(int64_t i, double r) {
  if (r >= 9223372036854775808.0) return -1;
  if (r < -9223372036854775808.0) return 1;
  int64_t whole = (int64_t)r;
  if (i != whole) return i < whole ? -1 : 1;
  double rest = r - (double)whole;
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int compare_numbers(value a, value b) {
  if (a.type == VALUE_INTEGER && b.type == VALUE_INTEGER) return a.i < b.i ? -1 : a.i > b.i;
  if (a.type == VALUE_REAL && b.type == VALUE_REAL) return a.r < b.r ? -1 : a.r > b.r;
  return a.type == VALUE_INTEGER ? compare_mixed(a.i, b.r) : -compare_mixed(b.i, a.r);
}

static int compare_bytes(value a, value b) {
  uint32_t n = a.bytes < b.bytes ? a.bytes : b.bytes;
  int c = n ? memcmp(a.text, b.text, n) : 0;
  return c ? c : a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

static int compare_nocase(value a, value b) {
  uint32_t n = a.bytes < b.bytes ? a.bytes : b.bytes;
  for (uint32_t i = 0; i < n; i++) {
    unsigned char x = (unsigned char)a.text[i], y = (unsigned char)b.text[i];
    if (x >= 'A' && x <= 'Z') x = (unsigned char)(x + 32);
    if (y >= 'A' && y <= 'Z') y = (unsigned char)(y + 32);
    if (x != y) return x < y ? -1 : 1;
  }
  return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

static value trimmed(value v) {
  while (v.bytes && v.text[v.bytes - 1] == ' ') v.bytes--;
  return v;
}

int value_compare(value a, value b, const char *collation) {
  int ra = rank_of(a), rb = rank_of(b);
  if (ra != rb) return ra < rb ? -1 : 1;
  if (ra == 0) return 0;
  if (ra == 1) return compare_numbers(a, b);
  if (ra == 2 && strcasecmp(collation, "NOCASE") == 0) return compare_nocase(a, b);
  if (ra == 2 && strcasecmp(collation, "RTRIM") == 0) return compare_bytes(trimmed(a), trimmed(b));
  return compare_bytes(a, b);
}

static int compare_exact(value a, value b, const char *collation) {
  int c = value_compare(a, b, collation);
  if (c || value_same(a, b)) return c;
  if (a.type != b.type) return a.type < b.type ? -1 : 1;
  return compare_bytes(a, b);
}

static uint32_t next_priority(void) {
  static _Thread_local uint32_t state = 2463534242u;
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

static ordered_entry *entry_new(ordered_set *s, value v) {
  size_t text = v.type >= VALUE_TEXT ? v.bytes : 0;
  ordered_entry *e = malloc(sizeof *e + text + 1);
  if (!e) return NULL;
  *e = (ordered_entry){.count = 1, .priority = next_priority(), .v = v};
  if (v.type >= VALUE_TEXT) {
    e->v.text = (char *)(e + 1);
    if (text) memcpy(e + 1, v.text, text);
  }
  s->bytes += sizeof *e + text + 1;
  s->entries++;
  return e;
}

static ordered_entry *rotate_right(ordered_entry *e) {
  ordered_entry *up = e->left;
  e->left = up->right;
  up->right = e;
  return up;
}

static ordered_entry *rotate_left(ordered_entry *e) {
  ordered_entry *up = e->right;
  e->right = up->left;
  up->left = e;
  return up;
}

static ordered_entry *insert(ordered_entry *at, ordered_entry *made, const char *collation) {
  if (!at) return made;
  if (compare_exact(made->v, at->v, collation) < 0) {
    at->left = insert(at->left, made, collation);
    return at->left->priority > at->priority ? rotate_right(at) : at;
  }
  at->right = insert(at->right, made, collation);
  return at->right->priority > at->priority ? rotate_left(at) : at;
}

static ordered_entry *join(ordered_entry *a, ordered_entry *b) {
  if (!a) return b;
  if (!b) return a;
  if (a->priority > b->priority) {
    a->right = join(a->right, b);
    return a;
  }
  b->left = join(a, b->left);
  return b;
}

static ordered_entry **find(ordered_set *s, value v, const char *collation) {
  ordered_entry **at = &s->root;
  while (*at) {
    int c = compare_exact(v, (*at)->v, collation);
    if (c == 0) break;
    at = c < 0 ? &(*at)->left : &(*at)->right;
  }
  return at;
}

static bool class_is_there(const ordered_set *s, value v, const char *collation) {
  const ordered_entry *at = s->root;
  while (at) {
    int c = value_compare(v, at->v, collation);
    if (c == 0) return true;
    at = c < 0 ? at->left : at->right;
  }
  return false;
}

set_change ordered_set_add(ordered_set *s, value v, int weight, const char *collation) {
  ordered_entry **at = find(s, v, collation), *e = *at;
  if (weight > 0) {
    if (e) {
      e->count++;
      return SET_SAME;
    }
    bool there = class_is_there(s, v, collation);
    if (!(e = entry_new(s, v))) return SET_FAILED;
    s->root = insert(s->root, e, collation);
    if (there) return SET_SAME;
    s->classes++;
    return SET_CLASS_CAME;
  }
  if (!e) return SET_FAILED;
  if (--e->count > 0) return SET_SAME;
  *at = join(e->left, e->right);
  s->bytes -= sizeof *e + (v.type >= VALUE_TEXT ? v.bytes : 0) + 1;
  s->entries--;
  free(e);
  if (class_is_there(s, v, collation)) return SET_SAME;
  s->classes--;
  return SET_CLASS_WENT;
}

static int count_forms(const ordered_entry *e, value v, const char *collation) {
  if (!e) return 0;
  int c = value_compare(v, e->v, collation);
  int here = c == 0;
  return here + (c <= 0 ? count_forms(e->left, v, collation) : 0) + (c >= 0 ? count_forms(e->right, v, collation) : 0);
}

value ordered_set_extreme(const ordered_set *s, bool greatest, const char *collation, int *forms) {
  const ordered_entry *e = s->root;
  if (!e) return (value){.type = VALUE_NULL};
  while (greatest ? e->right : e->left) e = greatest ? e->right : e->left;
  *forms = s->entries == s->classes ? 1 : count_forms(s->root, e->v, collation);
  return e->v;
}

static void free_entries(ordered_entry *e) {
  while (e) {
    ordered_entry *right = e->right;
    free_entries(e->left);
    free(e);
    e = right;
  }
}

void ordered_set_free(ordered_set *s) {
  free_entries(s->root);
  memset(s, 0, sizeof *s);
}
