#include "catalog/template.h"

#include "catalog/names.h"
#include "query/lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum piece_kind { PIECE_TOKEN, PIECE_OPEN /* {{ */, PIECE_CLOSE /* }} */, PIECE_END } piece_kind;

typedef struct piece {
  piece_kind kind;
  token token;
} piece;

typedef struct expander {
  const view_definition *d;
  const view_selection *s;
  expansion *out;
  error *err;
  piece *pieces; /* the body, ended by PIECE_END */
  int at;
  size_t copied; /* the text before this offset was written or left out */
  bool silent;   /* inside a branch that is not taken: checked, not written */
} expander;

enum { TOKENS_STEP = 256 };

/* --- tokens --- */

static bool collect(expander *x, arena *memory) {
  lexer l;
  lexer_start(&l, x->d->body, x->d->body_bytes);
  l.line = x->d->body_at.line;
  l.column = x->d->body_at.column;
  int capacity = 0, count = 0;
  const char *end = x->d->body + x->d->body_bytes;
  for (;;) {
    if (count == capacity) {
      piece *more = arena_alloc(memory, sizeof *more * (size_t)(capacity ? capacity * 2 : TOKENS_STEP));
      if (!more) return error_nomem(x->err);
      if (count) memcpy(more, x->pieces, sizeof *more * (size_t)count);
      x->pieces = more;
      capacity = capacity ? capacity * 2 : TOKENS_STEP;
    }
    piece *p = &x->pieces[count++];
    p->kind = PIECE_TOKEN;
    p->token = lexer_next(&l);
    if (!p->token.type) {
      p->kind = PIECE_END;
      p->token.text = end;
      p->token.bytes = 0;
      return true;
    }
    char c = *p->token.text;
    if ((c != '{' && c != '}') || p->token.text + 1 >= end || p->token.text[1] != c) continue;
    p->kind = c == '{' ? PIECE_OPEN : PIECE_CLOSE;
    p->token.bytes = 2;
    l.at = p->token.text + 2;
    l.line = p->token.at.line;
    l.column = p->token.at.column + 2;
  }
}

static const piece *peek(const expander *x, int ahead) {
  for (int i = 0; i < ahead; i++)
    if (x->pieces[x->at + i].kind == PIECE_END) return &x->pieces[x->at + i];
  return &x->pieces[x->at + ahead];
}

static bool is_word(const piece *p, const char *word) { return p->kind == PIECE_TOKEN && token_is(&p->token, word); }

static bool is_char(const piece *p, char c) { return p->kind == PIECE_TOKEN && p->token.bytes == 1 && *p->token.text == c; }

static bool is_name(const piece *p) {
  if (p->kind != PIECE_TOKEN) return false;
  char c = *p->token.text;
  return isalpha((unsigned char)c) || c == '_' || c == '"' || c == '`' || c == '[' || (unsigned char)c >= 0x80;
}

static bool fail_at(expander *x, const piece *p, const char *text) {
  error_set(x->err, ERR_INVALID, "%s", text);
  return error_at(x->err, x->d->file, p->token.at.line, p->token.at.column);
}

/* --- writing --- */

static bool note(expander *x, size_t from, bool verbatim) {
  expansion *e = x->out;
  if (e->count == e->capacity) {
    int capacity = e->capacity ? e->capacity * 2 : 64;
    expansion_piece *more = realloc(e->pieces, sizeof *more * (size_t)capacity);
    if (!more) return error_nomem(x->err);
    e->pieces = more;
    e->capacity = capacity;
  }
  e->pieces[e->count++] = (expansion_piece){e->sql.len, from, verbatim};
  return true;
}

static size_t offset_of(const expander *x, const char *text) { return (size_t)(text - x->d->text); }

static size_t end_of(const expander *x, const piece *p) { return offset_of(x, p->token.text) + p->token.bytes; }

/* Writes the text up to `offset` as it stands. */
static bool copy_to(expander *x, size_t offset) {
  if (!x->silent && offset > x->copied) {
    if (!note(x, x->copied, true)) return false;
    buffer_append(&x->out->sql, x->d->text + x->copied, offset - x->copied);
  }
  x->copied = offset;
  return true;
}

/* Copies white space and comments before the next piece, then leaves `pieces` of them out; what is written next stands in
** their place. */
static bool replace(expander *x, int pieces) {
  const piece *first = peek(x, 0), *last = peek(x, pieces - 1);
  if (!copy_to(x, offset_of(x, first->token.text))) return false;
  if (!x->silent && !note(x, x->copied, false)) return false;
  x->copied = end_of(x, last);
  x->at += pieces;
  return true;
}

static void put(expander *x, const char *text) {
  if (!x->silent) buffer_puts(&x->out->sql, text);
}

void sql_literal(buffer *out, value v) {
  bool negative = (v.type == VALUE_INTEGER && v.i < 0) || (v.type == VALUE_REAL && v.r < 0);
  if (negative) buffer_putc(out, '(');
  switch (v.type) {
    case VALUE_INTEGER:
      if (v.i == INT64_MIN) /* its digits alone would be read as a REAL */
        buffer_puts(out, "-9223372036854775807-1");
      else
        buffer_printf(out, "%lld", (long long)v.i);
      break;
    case VALUE_REAL: buffer_json_real(out, v.r); break;
    case VALUE_TEXT: buffer_sql_text(out, v.text, v.bytes); break;
    default: buffer_puts(out, "NULL"); break;
  }
  if (negative) buffer_putc(out, ')');
}

static void put_literal(expander *x, value v) {
  if (!x->silent) sql_literal(&x->out->sql, v);
}

/* --- {{group_by}} --- */

static bool is_group_by(const expander *x, int ahead) {
  return peek(x, ahead)->kind == PIECE_OPEN && is_word(peek(x, ahead + 1), "group_by") && peek(x, ahead + 2)->kind == PIECE_CLOSE;
}

enum { GROUP_BY_PIECES = 3 };

static bool expand_group_by(expander *x) {
  const name_list *names = &x->s->group_by;
  bool comma_follows = is_char(peek(x, GROUP_BY_PIECES), ',');
  if (!replace(x, GROUP_BY_PIECES + (names->count == 0 && comma_follows ? 1 : 0))) return false;
  for (int i = 0; i < names->count && !x->silent; i++) {
    if (i) put(x, ", ");
    buffer_sql_name(&x->out->sql, names->items[i]);
  }
  return true;
}

/* Pieces before {{group_by}} that have to go with it when it is empty: a comma, or GROUP BY and its like; 0 = none here. */
static int leftover_before_group_by(const expander *x) {
  if (x->s->group_by.count > 0) return 0;
  if (is_char(peek(x, 0), ',') && is_group_by(x, 1)) return is_char(peek(x, 1 + GROUP_BY_PIECES), ',') ? 0 : 1;
  bool clause = is_word(peek(x, 0), "group") || is_word(peek(x, 0), "order") || is_word(peek(x, 0), "partition");
  if (!clause || !is_word(peek(x, 1), "by") || !is_group_by(x, 2)) return 0;
  return is_char(peek(x, 2 + GROUP_BY_PIECES), ',') ? 0 : 2;
}

/* --- :parameters --- */

static int param_of(expander *x, const piece *p) {
  for (int i = 0; i < x->d->params; i++)
    if (name_matches(p->token.text + 1, p->token.bytes - 1, x->d->param[i].name)) return i;
  return -1;
}

static bool unknown_param(expander *x, const piece *p) {
  error_set(x->err, ERR_INVALID, "there is no @param line for '%.*s'", p->token.bytes > 60 ? 60 : (int)p->token.bytes, p->token.text);
  error_at(x->err, x->d->file, p->token.at.line, p->token.at.column);
  return error_hint(x->err, "declare it in the header: -- @param NAME set of TABLE.COLUMN = all, or -- @param NAME integer = 5");
}

static bool is_param(const piece *p) { return p->kind == PIECE_TOKEN && *p->token.text == ':' && p->token.bytes > 1; }

static bool expand_scalar(expander *x) {
  const piece *p = peek(x, 0);
  int i = param_of(x, p);
  if (i < 0) return unknown_param(x, p);
  if (x->d->param[i].kind != PARAM_SCALAR) {
    fail_at(x, p, "a set parameter can only stand in COLUMN IN (:set) or COLUMN NOT IN (:set)");
    return error_hint(x->err, "an expression on the left can be named in a subquery first");
  }
  if (!replace(x, 1)) return false;
  put(x, " ");
  put_literal(x, x->s->param[i].scalar);
  put(x, " ");
  return true;
}

/* COLUMN [NOT] IN (:set) at the cursor: how many pieces COLUMN takes (1, 3 or 5), or 0. */
static int column_before_in(const expander *x, bool *negated) {
  if (!is_name(peek(x, 0)) || (x->at > 0 && is_char(&x->pieces[x->at - 1], '.'))) return 0;
  int n = 1;
  while (n < 5 && is_char(peek(x, n), '.') && is_name(peek(x, n + 1))) n += 2;
  *negated = is_word(peek(x, n), "not");
  int in = n + *negated;
  bool matches = is_word(peek(x, in), "in") && is_char(peek(x, in + 1), '(') && is_param(peek(x, in + 2)) && is_char(peek(x, in + 3), ')');
  return matches ? n : 0;
}

/* What may stand before COLUMN IN (:set), so that the column alone is what IN compares. */
static bool stands_free(const expander *x) {
  static const char *const words[] = {"where", "and", "or", "on", "not", "when", "then", "else", "case", "having", "select", "distinct", "all", "by"};
  if (x->at == 0) return true;
  const piece *p = &x->pieces[x->at - 1];
  if (p->kind != PIECE_TOKEN || is_char(p, '(') || is_char(p, ',')) return true;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (is_word(p, words[i])) return true;
  return false;
}

static bool expand_in(expander *x, int column_pieces, bool negated) {
  int open = column_pieces + negated + 1; /* the parenthesis */
  const piece *name = peek(x, open + 1);
  int i = param_of(x, name);
  if (i < 0) return unknown_param(x, name);
  if (x->d->param[i].kind == PARAM_SCALAR) { /* an ordinary list of one */
    if (!copy_to(x, end_of(x, peek(x, open)))) return false;
    x->at += open + 1;
    return true;
  }
  if (!stands_free(x)) return fail_at(x, peek(x, 0), "COLUMN IN (:set) must stand alone: put it in parentheses");
  const param_value *v = &x->s->param[i];
  if (v->all) {
    if (!replace(x, open + 3)) return false;
    put(x, negated ? " (0) " : " (1) ");
    return true;
  }
  if (!copy_to(x, end_of(x, peek(x, open)))) return false;
  x->at += open + 1;
  if (!replace(x, 1)) return false;
  for (int k = 0; k < v->set.count; k++) {
    if (k) put(x, ", ");
    put_literal(x, v->set.items[k]);
  }
  return true;
}

/* --- {{if}} --- */

static bool expand_block(expander *x, int depth);

/* The text of a value in {{if P.V}}: a word, a number or a 'text' without quotes inside. */
static void bare(const piece *p, const char **text, size_t *bytes) {
  *text = p->token.text;
  *bytes = p->token.bytes;
  if (**text == '\'' && *bytes >= 2) {
    *text += 1;
    *bytes -= 2;
  }
}

static bool unknown_condition(expander *x, const piece *p, const view_param *param) {
  error_set(x->err, ERR_INVALID, "{{if}}: '%.*s' can never be chosen", p->token.bytes > 60 ? 60 : (int)p->token.bytes, p->token.text);
  error_at(x->err, x->d->file, p->token.at.line, p->token.at.column);
  buffer list = {0};
  for (int i = 0; i < (param ? param->values.count : x->d->dimensions.count) && list.len < 300; i++)
    buffer_printf(&list, "%s%.60s", i ? ", " : "", !param ? x->d->dimensions.items[i] : param->values.items[i].type == VALUE_TEXT ? param->values.items[i].text : "?");
  error_hint(x->err, "there are: %s", buffer_text(&list));
  buffer_free(&list);
  return false;
}

static bool condition(expander *x, const piece *name, const piece *wanted, bool *holds) {
  const char *text;
  size_t bytes;
  bare(wanted, &text, &bytes);
  if (is_word(name, "group_by")) {
    char copy[MAX_VIEW_NAME_BYTES + 1] = "";
    if (bytes < sizeof copy) memcpy(copy, text, bytes);
    int found = *copy ? view_dimension_find(x->d, copy) : -1;
    if (found < 0) return unknown_condition(x, wanted, NULL);
    for (int i = 0; i < x->s->group_by.count; i++) *holds = *holds || x->s->group_by.items[i] == x->d->dimensions.items[found];
    return true;
  }
  int i = -1;
  for (int k = 0; k < x->d->params; k++)
    if (name_matches(name->token.text, name->token.bytes, x->d->param[k].name)) i = k;
  if (i < 0 || x->d->param[i].kind != PARAM_SET_OF_VALUES)
    return fail_at(x, name, "{{if P.V}}: P must be group_by or a parameter that is a set of listed values");
  int found = view_param_value_find(&x->d->param[i], text, bytes);
  if (found < 0) return unknown_condition(x, wanted, &x->d->param[i]);
  *holds = view_selection_set_contains(x->d, x->s, i, x->d->param[i].values.items[found]);
  return true;
}

static bool is_directive(const expander *x, const char *word) {
  return peek(x, 0)->kind == PIECE_OPEN && is_word(peek(x, 1), word);
}

static bool expand_branch(expander *x, int depth, bool taken) {
  bool outer = x->silent;
  x->silent = outer || !taken;
  bool done = expand_block(x, depth + 1) && copy_to(x, offset_of(x, peek(x, 0)->token.text));
  x->silent = outer;
  return done;
}

/* Leaves out {{word}}. */
static bool pass_directive(expander *x, const char *word) {
  if (!is_directive(x, word)) return fail_at(x, peek(x, 0), "{{if}} without its {{end}}");
  if (peek(x, 2)->kind != PIECE_CLOSE) return fail_at(x, peek(x, 2), "expected }}");
  return replace(x, 3);
}

static bool expand_if(expander *x, int depth) {
  const piece *start = peek(x, 0);
  if (depth >= MAX_TEMPLATE_DEPTH) return fail_at(x, start, "{{if}} is nested too deep");
  const piece *name = peek(x, 2), *wanted = peek(x, 4);
  if (!is_name(name) || !is_char(peek(x, 3), '.') || wanted->kind != PIECE_TOKEN || peek(x, 5)->kind != PIECE_CLOSE)
    return fail_at(x, start, "expected {{if PARAMETER.VALUE}}");
  bool holds = false;
  if (!condition(x, name, wanted, &holds) || !replace(x, 6) || !expand_branch(x, depth, holds)) return false;
  if (is_directive(x, "else") && (!pass_directive(x, "else") || !expand_branch(x, depth, !holds))) return false;
  if (peek(x, 0)->kind == PIECE_END) return fail_at(x, start, "{{if}} without its {{end}}");
  return pass_directive(x, "end");
}

/* --- the walk --- */

static bool expand_open(expander *x, int depth) {
  if (is_group_by(x, 0)) {
    if (x->d->has_group_by) return expand_group_by(x);
    return fail_at(x, peek(x, 0), "{{group_by}} needs an @group_by line in the header");
  }
  if (is_directive(x, "if")) return expand_if(x, depth);
  fail_at(x, peek(x, 0), "there is no such {{…}}");
  return error_hint(x->err, "known: {{group_by}}, {{if PARAMETER.VALUE}}, {{else}}, {{end}}");
}

static bool expand_token(expander *x) {
  const piece *p = peek(x, 0);
  bool negated = false;
  int column = column_before_in(x, &negated);
  if (column) return expand_in(x, column, negated);
  if (is_param(p)) return expand_scalar(x);
  if (strchr("?@$", *p->token.text)) return fail_at(x, p, "a parameter is written :name and declared by an @param line");
  x->at++;
  return copy_to(x, end_of(x, p));
}

static bool expand_block(expander *x, int depth) {
  for (;;) {
    const piece *p = peek(x, 0);
    if (p->kind == PIECE_END) return true;
    if (is_directive(x, "else") || is_directive(x, "end")) return depth > 0 ? true : fail_at(x, p, "there is no {{if}} to this");
    if (p->kind == PIECE_CLOSE) return fail_at(x, p, "}} without {{");
    if (x->out->sql.len > MAX_EXPANDED_BYTES)
      return error_set(x->err, ERR_LIMIT, "the SELECT with its parameters is longer than %d bytes", MAX_EXPANDED_BYTES);
    int leftover = leftover_before_group_by(x);
    bool done = leftover ? replace(x, leftover) : p->kind == PIECE_OPEN ? expand_open(x, depth) : expand_token(x);
    if (!done) return false;
  }
}

bool template_expand(const view_definition *d, const view_selection *s, expansion *out, error *err) {
  arena memory = {0};
  expander x = {.d = d, .s = s, .out = out, .err = err};
  x.copied = (size_t)(d->body - d->text);
  bool done = collect(&x, &memory) && expand_block(&x, 0);
  arena_free(&memory);
  if (!done) return false;
  if (out->sql.failed) return error_nomem(err);
  if (out->sql.len <= MAX_EXPANDED_BYTES) return true;
  return error_set(err, ERR_LIMIT, "the SELECT with its parameters is longer than %d bytes", MAX_EXPANDED_BYTES);
}

void expansion_free(expansion *e) {
  buffer_free(&e->sql);
  free(e->pieces);
  memset(e, 0, sizeof *e);
}

position expansion_position(const view_definition *d, const expansion *e, size_t offset) {
  size_t from = (size_t)(d->body - d->text);
  for (int i = 0; i < e->count && e->pieces[i].out <= offset; i++)
    from = e->pieces[i].source + (e->pieces[i].verbatim ? offset - e->pieces[i].out : 0);
  if (from > d->text_bytes) from = d->text_bytes;
  position at = {1, 1};
  for (size_t i = 0; i < from; i++) {
    at.column = d->text[i] == '\n' ? 1 : at.column + 1;
    at.line += d->text[i] == '\n';
  }
  return at;
}

size_t expansion_offset(const expansion *e, int line, int column) {
  const char *text = buffer_text(&e->sql);
  size_t at = 0;
  for (int l = 1; l < line && text[at]; at++) l += text[at] == '\n';
  size_t end = at + (column > 0 ? (size_t)column - 1 : 0);
  return end < e->sql.len ? end : e->sql.len;
}
