#include "catalog/view_header.h"

#include "query/lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One header line, its continuations joined. */
typedef struct header {
  view_definition *d;
  const char *word; /* after '@' */
  size_t word_bytes;
  const char *rest; /* what follows the word; continuation marks are blanked out */
  size_t rest_bytes;
  position at, rest_at;
  lexer lexer;
  token token; /* the one being looked at */
  error *err;
} header;

static bool fail(header *h, position at, const char *expected) {
  error_set(h->err, ERR_INVALID, "in @%.*s: expected %s, found %s%.*s%s", (int)h->word_bytes, h->word, expected,
            h->token.type ? "'" : "the end of the line", h->token.type ? (int)(h->token.bytes > 60 ? 60 : h->token.bytes) : 0,
            h->token.type ? h->token.text : "", h->token.type ? "'" : "");
  return error_at(h->err, h->d->file, at.line, at.column);
}

static bool expected(header *h, const char *what) { return fail(h, h->token.type ? h->token.at : h->at, what); }

static void advance(header *h) { h->token = lexer_next(&h->lexer); }

static bool is(const header *h, const char *word) { return h->token.type && token_is(&h->token, word); }

static bool is_char(const header *h, char c) { return h->token.type && h->token.bytes == 1 && *h->token.text == c; }

static bool accept_char(header *h, char c) {
  if (!is_char(h, c)) return false;
  advance(h);
  return true;
}

static bool is_name(const header *h) {
  return h->token.type && (isalpha((unsigned char)*h->token.text) || *h->token.text == '_');
}

static bool read_name(header *h, const char *what, const char **out) {
  if (!is_name(h)) return expected(h, what);
  if (h->token.bytes > MAX_VIEW_NAME_BYTES) {
    error_set(h->err, ERR_LIMIT, "the name is longer than %d bytes", MAX_VIEW_NAME_BYTES);
    return error_at(h->err, h->d->file, h->token.at.line, h->token.at.column);
  }
  *out = arena_strndup(&h->d->memory, h->token.text, h->token.bytes);
  if (!*out) return error_nomem(h->err);
  advance(h);
  return true;
}

static bool read_number(header *h, value *out) {
  bool negative = accept_char(h, '-');
  if (!h->token.type || !(isdigit((unsigned char)*h->token.text) || *h->token.text == '.')) return expected(h, "a number or a 'text'");
  char text[64], *end;
  if (h->token.bytes >= sizeof text - 1) return expected(h, "a shorter number");
  text[0] = negative ? '-' : '+';
  memcpy(text + 1, h->token.text, h->token.bytes);
  text[h->token.bytes + 1] = '\0';
  if (strspn(text + 1, "0123456789") == h->token.bytes && h->token.bytes < 19)
    *out = (value){.type = VALUE_INTEGER, .i = strtoll(text, &end, 10)};
  else
    *out = (value){.type = VALUE_REAL, .r = strtod(text, &end)};
  if (*end) return expected(h, "a number");
  advance(h);
  return true;
}

/* 'text', a number, or a bare word as text. */
static bool read_value(header *h, value *out) {
  if (h->token.type && *h->token.text == '\'' && h->token.bytes >= 2) {
    char *text = arena_alloc(&h->d->memory, h->token.bytes);
    if (!text) return error_nomem(h->err);
    size_t n = 0;
    for (size_t i = 1; i + 1 < h->token.bytes; i++) {
      text[n++] = h->token.text[i];
      if (h->token.text[i] == '\'') i++; /* doubled inside */
    }
    text[n] = '\0';
    *out = (value){.type = VALUE_TEXT, .text = text, .bytes = (uint32_t)n};
    advance(h);
    return true;
  }
  if (is_name(h)) {
    const char *name = NULL;
    if (!read_name(h, "a value", &name)) return false;
    *out = (value){.type = VALUE_TEXT, .text = name, .bytes = (uint32_t)strlen(name)};
    return true;
  }
  return read_number(h, out);
}

static bool read_values(header *h, value_list *out) {
  out->items = arena_alloc(&h->d->memory, MAX_ENUM_VALUES * sizeof *out->items);
  if (!out->items) return error_nomem(h->err);
  do {
    if (out->count == MAX_ENUM_VALUES) return error_set(h->err, ERR_LIMIT, "more than %d values are listed", MAX_ENUM_VALUES);
    if (!read_value(h, &out->items[out->count])) return false;
    out->count++;
  } while (accept_char(h, ','));
  return true;
}

static bool at_end(header *h, const char *what) { return h->token.type ? expected(h, what) : true; }

static bool read_set_domain(header *h, view_param *p) {
  p->type = VALUE_TEXT;
  if (accept_char(h, '(')) {
    p->kind = PARAM_SET_OF_VALUES;
    if (!read_values(h, &p->values)) return false;
    p->type = p->values.items[0].type;
    for (int i = 0; i < p->values.count; i++)
      if (p->values.items[i].type != p->type) return expected(h, "values of one type in the list");
    return accept_char(h, ')') ? true : expected(h, "',' or ')'");
  }
  p->kind = PARAM_SET_OF_COLUMN;
  if (!read_name(h, "TABLE.COLUMN or a list of values in parentheses", &p->table)) return false;
  if (!accept_char(h, '.')) return expected(h, "'.' and the column's name");
  return read_name(h, "the column's name", &p->column);
}

static bool read_set(header *h, view_param *p) {
  if (!is(h, "of")) return expected(h, "'of' after 'set'");
  advance(h);
  if (!read_set_domain(h, p)) return false;
  p->default_all = true;
  if (!h->token.type) return true;
  if (!accept_char(h, '=')) return expected(h, "'=' and the default, or the end of the line");
  if (is(h, "all")) {
    advance(h);
    return at_end(h, "nothing after 'all'");
  }
  p->default_all = false;
  if (!read_values(h, &p->defaults)) return false;
  for (int i = 0; i < p->defaults.count && p->kind == PARAM_SET_OF_VALUES; i++) {
    value *v = &p->defaults.items[i];
    bool listed = false;
    for (int j = 0; j < p->values.count; j++) listed = listed || value_same(*v, p->values.items[j]);
    if (!listed) return fail(h, h->rest_at, "defaults that are in the list of values");
  }
  return at_end(h, "',' or the end of the line");
}

static bool read_scalar(header *h, view_param *p) {
  p->kind = PARAM_SCALAR;
  p->required = true;
  if (!h->token.type) return true;
  if (!accept_char(h, '=')) return expected(h, "'=' and the default, or the end of the line");
  p->required = false;
  p->defaults.items = arena_zalloc(&h->d->memory, sizeof(value));
  if (!p->defaults.items) return error_nomem(h->err);
  p->defaults.count = 1;
  value *v = p->defaults.items;
  if (is(h, "null"))
    advance(h);
  else if (!read_value(h, v))
    return false;
  if (p->type == VALUE_REAL && v->type == VALUE_INTEGER) *v = (value){.type = VALUE_REAL, .r = (double)v->i};
  if (v->type != VALUE_NULL && v->type != p->type) return fail(h, h->rest_at, "a default of the parameter's type");
  return at_end(h, "the end of the line");
}

static bool read_param(header *h) {
  view_definition *d = h->d;
  if (d->params == MAX_VIEW_PARAMS) return error_set(h->err, ERR_LIMIT, "a view has at most %d parameters", MAX_VIEW_PARAMS);
  view_param *p = &d->param[d->params];
  p->at = h->rest_at;
  if (!read_name(h, "the parameter's name", &p->name)) return false;
  if (view_param_find(d, p->name) >= 0 || !strcmp(p->name, "group_by")) return fail(h, p->at, "a name that is not taken");
  bool done;
  if (is(h, "set")) {
    advance(h);
    done = read_set(h, p);
  } else {
    p->type = is(h, "text") ? VALUE_TEXT : is(h, "integer") ? VALUE_INTEGER : is(h, "real") ? VALUE_REAL : VALUE_NULL;
    if (p->type == VALUE_NULL) return expected(h, "'set of', 'text', 'integer' or 'real'");
    advance(h);
    done = read_scalar(h, p);
  }
  if (done) d->params++;
  return done;
}

static bool read_names(header *h, name_list *out, int most, const char *what) {
  do {
    const char *name = NULL;
    if (!read_name(h, what, &name)) return false;
    if (out->count == most) return error_set(h->err, ERR_LIMIT, "more than %d names are listed", most);
    for (int i = 0; i < out->count; i++)
      if (!strcmp(out->items[i], name)) return fail(h, h->rest_at, "each name once");
    if (!name_list_add(&h->d->memory, out, name)) return error_nomem(h->err);
  } while (accept_char(h, ','));
  return true;
}

static bool read_group_by(header *h) {
  view_definition *d = h->d;
  if (d->has_group_by) return fail(h, h->at, "one @group_by line only");
  d->has_group_by = true;
  if (!read_names(h, &d->dimensions, MAX_DIMENSIONS, "a dimension's name")) return false;
  if (!h->token.type) return true;
  if (!accept_char(h, '=')) return expected(h, "',' or '=' and the default dimensions");
  if (!h->token.type) return true;
  if (!read_names(h, &d->default_group_by, MAX_DIMENSIONS, "a dimension's name")) return false;
  for (int i = 0; i < d->default_group_by.count; i++)
    if (view_dimension_find(d, d->default_group_by.items[i]) < 0) return fail(h, h->rest_at, "defaults that are among the dimensions");
  return at_end(h, "',' or the end of the line");
}

static bool read_key(header *h) {
  return read_names(h, &h->d->key, MAX_DIMENSIONS, "a column's name") && at_end(h, "',' or the end of the line");
}

static bool read_eager(header *h) {
  h->d->eager = true;
  return at_end(h, "nothing");
}

/* The rest of the line as words, its ends trimmed. */
static bool read_words(header *h, const char **out, bool append) {
  size_t n = h->rest_bytes, skip = 0;
  while (skip < n && isspace((unsigned char)h->rest[skip])) skip++;
  while (n > skip && isspace((unsigned char)h->rest[n - 1])) n--;
  if (n == skip) return fail(h, h->at, "words after it");
  *out = append && **out ? arena_printf(&h->d->memory, "%s %.*s", *out, (int)(n - skip), h->rest + skip)
                         : arena_strndup(&h->d->memory, h->rest + skip, n - skip);
  return *out ? true : error_nomem(h->err);
}

static bool read_title(header *h) { return read_words(h, &h->d->title, false); }
static bool read_description(header *h) { return read_words(h, &h->d->description, true); }
static bool read_topic(header *h) { return read_words(h, &h->d->topic, false); }

static const struct {
  const char *word;
  bool (*read)(header *h);
} known[] = {{"title", read_title},       {"description", read_description}, {"param", read_param}, {"group_by", read_group_by},
             {"key", read_key},           {"eager", read_eager},             {"topic", read_topic}};
enum { KNOWN = sizeof known / sizeof known[0] };

static bool read_header(header *h) {
  for (int i = 0; i < KNOWN; i++) {
    if (strlen(known[i].word) != h->word_bytes || memcmp(known[i].word, h->word, h->word_bytes)) continue;
    lexer_start(&h->lexer, h->rest, h->rest_bytes);
    h->lexer.line = h->rest_at.line;
    h->lexer.column = h->rest_at.column;
    advance(h);
    if (known[i].read(h)) return true;
    return h->err->line ? false : error_at(h->err, h->d->file, h->at.line, h->at.column);
  }
  error_set(h->err, ERR_INVALID, "there is no header line '@%.*s'", h->word_bytes > 40 ? 40 : (int)h->word_bytes, h->word);
  error_hint(h->err, "known: @title, @description, @param, @group_by, @key, @eager, @topic");
  return error_at(h->err, h->d->file, h->at.line, h->at.column);
}

static size_t line_end(const view_definition *d, size_t at) {
  const char *nl = memchr(d->text + at, '\n', d->text_bytes - at);
  return nl ? (size_t)(nl - d->text) : d->text_bytes;
}

/* Offset of the comment's words in the line [at, end), or 0 when the line is no comment. */
static size_t comment_words(const view_definition *d, size_t at, size_t end) {
  while (at < end && isspace((unsigned char)d->text[at])) at++;
  if (end - at < 2 || d->text[at] != '-' || d->text[at + 1] != '-') return 0;
  at += 2;
  while (at < end && (d->text[at] == ' ' || d->text[at] == '\t')) at++;
  return at;
}

static bool ends_with_comma(const char *text, size_t n) {
  while (n && isspace((unsigned char)text[n - 1])) n--;
  return n && text[n - 1] == ',';
}

/* Joins continuation lines to [start, *end): the comment marks become spaces, so that positions stay true. */
static char *join_lines(view_definition *d, size_t start, size_t *end) {
  size_t stop = *end;
  while (stop < d->text_bytes && ends_with_comma(d->text + start, stop - start)) {
    size_t next_end = line_end(d, stop + 1), words = comment_words(d, stop + 1, next_end);
    if (!words || words >= next_end || d->text[words] == '@') break;
    stop = next_end;
  }
  char *joined = arena_strndup(&d->memory, d->text + start, stop - start);
  for (size_t at = line_end(d, start); joined && at < stop; at = line_end(d, at + 1))
    memset(joined + (at + 1 - start), ' ', comment_words(d, at + 1, line_end(d, at + 1)) - at - 1);
  *end = stop;
  return joined;
}

static bool take_header(view_definition *d, size_t line_start, size_t words, size_t *end, int line, error *err) {
  header h = {.d = d, .err = err, .at = {line, (int)(words - line_start) + 1}};
  size_t word = words + 1, rest = word;
  while (rest < *end && (isalnum((unsigned char)d->text[rest]) || d->text[rest] == '_' || d->text[rest] == '-')) rest++;
  h.word = d->text + word;
  h.word_bytes = rest - word;
  h.rest_at = (position){line, (int)(rest - line_start) + 1};
  h.rest = join_lines(d, rest, end);
  if (!h.rest) return error_nomem(err);
  h.rest_bytes = *end - rest;
  return read_header(&h);
}

bool view_header_read(view_definition *d, size_t *body_offset, int *body_line, error *err) {
  size_t at = 0;
  int line = 1;
  while (at < d->text_bytes) {
    size_t end = line_end(d, at), first = at;
    while (first < end && isspace((unsigned char)d->text[first])) first++;
    size_t words = comment_words(d, at, end);
    if (first < end && !words) break;
    if (words && words < end && d->text[words] == '@' && !take_header(d, at, words, &end, line, err)) return false;
    for (size_t i = at; i < end; i++) line += d->text[i] == '\n';
    line++;
    at = end + (end < d->text_bytes);
  }
  *body_offset = at;
  *body_line = line;
  return true;
}
