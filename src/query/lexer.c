#include "query/lexer.h"

#include "query/grammar.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- keywords --- */

typedef struct keyword {
  const char *word;
  int type;
  bool is_name; /* stands for itself where the grammar has no use for the keyword there (%fallback in grammar.y) */
} keyword;

/* Sorted. Those that no SELECT uses and that may be names anywhere (ABORT, KEY, …) are left out: they are names here. */
static const keyword keywords[] = {
    {"ADD", TK_RESERVED, false},
    {"ALL", TK_ALL, false},
    {"ALTER", TK_RESERVED, false},
    {"AND", TK_AND, false},
    {"AS", TK_AS, false},
    {"ASC", TK_ASC, true},
    {"AUTOINCREMENT", TK_RESERVED, false},
    {"BETWEEN", TK_BETWEEN, false},
    {"BY", TK_BY, true},
    {"CASE", TK_CASE, false},
    {"CAST", TK_CAST, true},
    {"CHECK", TK_RESERVED, false},
    {"COLLATE", TK_COLLATE, false},
    {"COMMIT", TK_RESERVED, false},
    {"CONSTRAINT", TK_RESERVED, false},
    {"CREATE", TK_RESERVED, false},
    {"CROSS", TK_JOIN_KW, true},
    {"CURRENT", TK_CURRENT, true},
    {"CURRENT_DATE", TK_CTIME_KW, true},
    {"CURRENT_TIME", TK_CTIME_KW, true},
    {"CURRENT_TIMESTAMP", TK_CTIME_KW, true},
    {"DEFAULT", TK_RESERVED, false},
    {"DEFERRABLE", TK_RESERVED, false},
    {"DELETE", TK_RESERVED, false},
    {"DESC", TK_DESC, true},
    {"DISTINCT", TK_DISTINCT, false},
    {"DROP", TK_RESERVED, false},
    {"ELSE", TK_ELSE, false},
    {"END", TK_END, true},
    {"ESCAPE", TK_ESCAPE, false},
    {"EXCEPT", TK_EXCEPT, false},
    {"EXCLUDE", TK_EXCLUDE, true},
    {"EXISTS", TK_EXISTS, false},
    {"FILTER", TK_FILTER, false},
    {"FIRST", TK_FIRST, true},
    {"FOLLOWING", TK_FOLLOWING, true},
    {"FOREIGN", TK_RESERVED, false},
    {"FROM", TK_FROM, false},
    {"FULL", TK_JOIN_KW, true},
    {"GLOB", TK_LIKE_KW, true},
    {"GROUP", TK_GROUP, false},
    {"GROUPS", TK_GROUPS, true},
    {"HAVING", TK_HAVING, false},
    {"IN", TK_IN, false},
    {"INDEX", TK_RESERVED, false},
    {"INDEXED", TK_INDEXED, false},
    {"INNER", TK_JOIN_KW, true},
    {"INSERT", TK_RESERVED, false},
    {"INTERSECT", TK_INTERSECT, false},
    {"INTO", TK_RESERVED, false},
    {"IS", TK_IS, false},
    {"ISNULL", TK_ISNULL, false},
    {"JOIN", TK_JOIN, false},
    {"LAST", TK_LAST, true},
    {"LEFT", TK_JOIN_KW, true},
    {"LIKE", TK_LIKE_KW, true},
    {"LIMIT", TK_LIMIT, false},
    {"MATCH", TK_MATCH, true},
    {"MATERIALIZED", TK_MATERIALIZED, true},
    {"NATURAL", TK_JOIN_KW, true},
    {"NO", TK_NO, true},
    {"NOT", TK_NOT, false},
    {"NOTHING", TK_RESERVED, false},
    {"NOTNULL", TK_NOTNULL, false},
    {"NULL", TK_NULL, false},
    {"NULLS", TK_NULLS, true},
    {"OFFSET", TK_OFFSET, true},
    {"ON", TK_ON, false},
    {"OR", TK_OR, false},
    {"ORDER", TK_ORDER, false},
    {"OTHERS", TK_OTHERS, true},
    {"OUTER", TK_JOIN_KW, true},
    {"OVER", TK_OVER, true},
    {"PARTITION", TK_PARTITION, true},
    {"PRECEDING", TK_PRECEDING, true},
    {"PRIMARY", TK_RESERVED, false},
    {"RANGE", TK_RANGE, true},
    {"RECURSIVE", TK_RECURSIVE, true},
    {"REFERENCES", TK_RESERVED, false},
    {"REGEXP", TK_LIKE_KW, true},
    {"RETURNING", TK_RESERVED, false},
    {"RIGHT", TK_JOIN_KW, true},
    {"ROW", TK_ROW, true},
    {"ROWS", TK_ROWS, true},
    {"SELECT", TK_SELECT, false},
    {"SET", TK_RESERVED, false},
    {"TABLE", TK_RESERVED, false},
    {"THEN", TK_THEN, false},
    {"TIES", TK_TIES, true},
    {"TO", TK_RESERVED, false},
    {"TRANSACTION", TK_RESERVED, false},
    {"UNBOUNDED", TK_UNBOUNDED, true},
    {"UNION", TK_UNION, false},
    {"UNIQUE", TK_RESERVED, false},
    {"UPDATE", TK_RESERVED, false},
    {"USING", TK_USING, false},
    {"VALUES", TK_VALUES, false},
    {"WHEN", TK_WHEN, false},
    {"WHERE", TK_WHERE, false},
    {"WINDOW", TK_WINDOW, true},
    {"WITH", TK_WITH, true},
};

typedef struct span {
  const char *text;
  size_t bytes;
} span;

static int compare_keyword(const void *key, const void *item) {
  const span *w = key;
  const keyword *k = item;
  int order = strncasecmp(w->text, k->word, w->bytes);
  return order ? order : -(k->word[w->bytes] != '\0');
}

static const keyword *find_keyword(const char *text, size_t bytes) {
  span key = {text, bytes};
  return bsearch(&key, keywords, sizeof keywords / sizeof *keywords, sizeof *keywords, compare_keyword);
}

/* --- characters; in ASCII only, as SQLite has it, whatever the locale --- */

static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }
static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_hex(int c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool starts_name(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80; }
static bool in_name(int c) { return starts_name(c) || is_digit(c) || c == '$'; }

/* The i-th byte from here, or -1 at the end. */
static int peek(const lexer *l, size_t i) { return i < (size_t)(l->end - l->at) ? (unsigned char)l->at[i] : -1; }

/* --- the kinds of token: each returns the bytes of the token at l->at and sets its type --- */

static size_t quoted(const lexer *l, int quote, int *type) {
  for (size_t i = 1;; i++) {
    int c = peek(l, i);
    if (c < 0) return *type = TK_ILLEGAL, i;
    if (c != quote) continue;
    if (quote == ']' || peek(l, i + 1) != quote) return *type = quote == '\'' ? TK_STRING : TK_ID, i + 1;
    i++; /* doubled: one of the name */
  }
}

static size_t number(const lexer *l, int *type) {
  size_t i = 0;
  *type = TK_INTEGER;
  if (peek(l, 0) == '0' && (peek(l, 1) | 0x20) == 'x' && is_hex(peek(l, 2))) {
    for (i = 3; is_hex(peek(l, i)); i++) {}
  } else {
    while (is_digit(peek(l, i))) i++;
    if (peek(l, i) == '.') {
      *type = TK_FLOAT;
      do i++;
      while (is_digit(peek(l, i)));
    }
    int sign = peek(l, i + 1) == '+' || peek(l, i + 1) == '-';
    if (peek(l, i) > 0 && (peek(l, i) | 0x20) == 'e' && is_digit(peek(l, i + 1 + (size_t)sign))) {
      *type = TK_FLOAT;
      for (i += 2; is_digit(peek(l, i)); i++) {}
    }
  }
  for (; in_name(peek(l, i)); i++) *type = TK_ILLEGAL; /* 12abc */
  return i;
}

static size_t blob(const lexer *l, int *type) {
  size_t i = 2;
  while (is_hex(peek(l, i))) i++;
  if (peek(l, i) == '\'' && i % 2 == 0) return *type = TK_BLOB, i + 1;
  *type = TK_ILLEGAL;
  while (peek(l, i) >= 0 && peek(l, i) != '\'') i++;
  return i + (peek(l, i) >= 0);
}

/* :name @name $name, with Tcl's ::qualifiers and (suffix). */
static size_t variable(const lexer *l, int *type) {
  size_t i = 1, letters = 0;
  *type = TK_VARIABLE;
  for (;; i++) {
    int c = peek(l, i);
    if (c >= 0 && in_name(c)) {
      letters++;
    } else if (c == ':' && peek(l, i + 1) == ':') {
      i++;
    } else if (c == '(' && letters) {
      do c = peek(l, ++i);
      while (c > 0 && !is_space(c) && c != ')');
      if (c == ')') return i + 1;
      *type = TK_ILLEGAL;
      return i;
    } else {
      break;
    }
  }
  if (!letters) *type = TK_ILLEGAL;
  return i;
}

static size_t name_or_keyword(const lexer *l, int *type) {
  size_t i = 1;
  while (peek(l, i) >= 0 && in_name(peek(l, i))) i++;
  const keyword *k = find_keyword(l->at, i);
  *type = k ? k->type : TK_ID;
  return i;
}

static size_t one_of(const lexer *l, int *type) {
  int c = peek(l, 0), next = peek(l, 1);
  switch (c) {
    case '(': return *type = TK_LP, 1;
    case ')': return *type = TK_RP, 1;
    case ';': return *type = TK_SEMI, 1;
    case ',': return *type = TK_COMMA, 1;
    case '+': return *type = TK_PLUS, 1;
    case '*': return *type = TK_STAR, 1;
    case '/': return *type = TK_SLASH, 1;
    case '%': return *type = TK_REM, 1;
    case '&': return *type = TK_BITAND, 1;
    case '~': return *type = TK_BITNOT, 1;
    case '.': return *type = TK_DOT, 1;
    case '-':
      if (next != '>') return *type = TK_MINUS, 1;
      return *type = TK_PTR, peek(l, 2) == '>' ? 3 : 2;
    case '=': return *type = TK_EQ, next == '=' ? 2 : 1;
    case '|': return next == '|' ? (*type = TK_CONCAT, 2) : (*type = TK_BITOR, 1);
    case '!': return next == '=' ? (*type = TK_NE, 2) : (*type = TK_ILLEGAL, 1);
    case '<':
      if (next == '=') return *type = TK_LE, 2;
      if (next == '>') return *type = TK_NE, 2;
      return next == '<' ? (*type = TK_LSHIFT, 2) : (*type = TK_LT, 1);
    case '>':
      if (next == '=') return *type = TK_GE, 2;
      return next == '>' ? (*type = TK_RSHIFT, 2) : (*type = TK_GT, 1);
    default: return *type = TK_ILLEGAL, 1;
  }
}

static size_t measure(const lexer *l, int *type) {
  int c = peek(l, 0);
  if (c == '\'' || c == '"' || c == '`') return quoted(l, c, type);
  if (c == '[') return quoted(l, ']', type);
  if (is_digit(c) || (c == '.' && is_digit(peek(l, 1)))) return number(l, type);
  if ((c == 'x' || c == 'X') && peek(l, 1) == '\'') return blob(l, type);
  if (starts_name(c)) return name_or_keyword(l, type);
  if (c == '?') {
    size_t i = 1;
    while (is_digit(peek(l, i))) i++;
    return *type = TK_VARIABLE, i;
  }
  if (c == ':' || c == '@' || c == '$') return variable(l, type);
  return one_of(l, type);
}

/* --- moving --- */

static void advance(lexer *l, size_t bytes) {
  for (const char *stop = l->at + bytes; l->at < stop; l->at++) {
    if (*l->at == '\n') {
      l->line++;
      l->column = 1;
    } else if (((unsigned char)*l->at & 0xC0) != 0x80) { /* not inside a UTF-8 character */
      l->column++;
    }
  }
}

/* Bytes of the comment that starts here, or 0. One that is not closed goes to the end, as in SQLite. */
static size_t comment(const lexer *l) {
  size_t i = 2;
  if (peek(l, 0) == '-' && peek(l, 1) == '-') {
    while (peek(l, i) >= 0 && peek(l, i) != '\n') i++;
    return i;
  }
  if (peek(l, 0) != '/' || peek(l, 1) != '*' || peek(l, 2) < 0) return 0;
  while (peek(l, i) >= 0 && !(peek(l, i) == '*' && peek(l, i + 1) == '/')) i++;
  return peek(l, i) < 0 ? i : i + 2;
}

static void skip_space(lexer *l) {
  for (;;) {
    size_t n = comment(l);
    if (!n && is_space(peek(l, 0))) n = 1;
    if (!n && peek(l, 0) == 0xEF && peek(l, 1) == 0xBB && peek(l, 2) == 0xBF) n = 3; /* a byte order mark */
    if (!n) return;
    advance(l, n);
  }
}

static token next_in_any_context(lexer *l) {
  skip_space(l);
  token t = {.text = l->at, .at = {l->line, l->column}};
  if (l->at == l->end) return t;
  t.bytes = measure(l, &t.type);
  advance(l, t.bytes);
  return t;
}

/* --- WINDOW, OVER and FILTER: names, unless what stands around makes them keywords --- */

static bool can_name_a_window(const token *t) {
  if (t->type == TK_ID || t->type == TK_STRING) return true;
  const keyword *k = t->text[0] == '"' || t->text[0] == '[' ? NULL : find_keyword(t->text, t->bytes);
  return k && k->is_name;
}

static bool is_keyword_here(const lexer *after, int type) {
  lexer ahead = *after;
  token next = next_in_any_context(&ahead);
  switch (type) {
    case TK_WINDOW: return next.type && can_name_a_window(&next) && next_in_any_context(&ahead).type == TK_AS;
    case TK_OVER: return after->last == TK_RP && next.type && (next.type == TK_LP || can_name_a_window(&next));
    default: return after->last == TK_RP && next.type == TK_LP;
  }
}

void lexer_start(lexer *l, const char *text, size_t bytes) {
  *l = (lexer){.text = text, .end = text + bytes, .at = text, .line = 1, .column = 1};
}

token lexer_next(lexer *l) {
  token t = next_in_any_context(l);
  if ((t.type == TK_WINDOW || t.type == TK_OVER || t.type == TK_FILTER) && !is_keyword_here(l, t.type)) t.type = TK_ID;
  l->last = t.type;
  return t;
}

bool token_is(const token *t, const char *word) {
  return strlen(word) == t->bytes && strncasecmp(t->text, word, t->bytes) == 0;
}

bool lexer_is_plain_name(const char *text, size_t bytes) {
  if (!bytes || !starts_name((unsigned char)text[0])) return false;
  for (size_t i = 1; i < bytes; i++)
    if (!in_name((unsigned char)text[i])) return false;
  return !find_keyword(text, bytes);
}

char *token_name(arena *a, const token *t) {
  char quote = t->bytes ? t->text[0] : '\0';
  if (quote != '"' && quote != '`' && quote != '\'' && quote != '[') return arena_strndup(a, t->text, t->bytes);
  char *name = arena_alloc(a, t->bytes), *to = name;
  if (!name) return NULL;
  for (const char *from = t->text + 1, *end = t->text + t->bytes - 1; from < end; from++) {
    *to++ = *from;
    if (*from == quote && quote != '[') from++; /* the second of a doubled quote */
  }
  *to = '\0';
  return name;
}
