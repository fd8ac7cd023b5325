#include "query/parser.h"

#include "query/build.h"
#include "query/grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- wording syntax errors --- */

typedef struct expectation {
  int type;
  const char *words;
} expectation;

/* What a message names, in the order of naming. A group stands for what is told by one of its tokens. */
static const expectation expectations[] = {
    {TK_CASE, "an expression"}, {TK_SELECT, "SELECT"},     {TK_ID, "a name"},       {TK_VALUES, "VALUES"},
    {TK_PLUS, "an operator"},      {TK_DOT, "\".\""},         {TK_COMMA, "\",\""},     {TK_LP, "\"(\""},
    {TK_RP, "\")\""},              {TK_AS, "AS"},             {TK_FROM, "FROM"},       {TK_WHERE, "WHERE"},
    {TK_JOIN, "JOIN"},             {TK_ON, "ON"},             {TK_USING, "USING"},     {TK_GROUP, "GROUP BY"},
    {TK_HAVING, "HAVING"},         {TK_ORDER, "ORDER BY"},    {TK_LIMIT, "LIMIT"},     {TK_UNION, "UNION"},
    {TK_BY, "BY"},                 {TK_WHEN, "WHEN"},         {TK_THEN, "THEN"},       {TK_ELSE, "ELSE"},
    {TK_END, "END"},               {TK_AND, "AND"},           {TK_FIRST, "FIRST"},     {TK_LAST, "LAST"},
    {TK_BETWEEN, "BETWEEN"},       {TK_ROW, "ROW"},           {TK_PRECEDING, "PRECEDING"},
    {TK_FOLLOWING, "FOLLOWING"},   {TK_OTHERS, "OTHERS"},     {TK_INDEXED, "INDEXED"}, {TK_MATERIALIZED, "MATERIALIZED"},
    {TK_OVER, "OVER"},             {TK_STRING, "a string"},   {TK_INTEGER, "a number"}, {TK_IN, "IN"},
    {TK_LIKE_KW, "LIKE"},          {TK_NULL, "NULL"},         {0, "the end"}};

enum { MOST_EXPECTATIONS = 7 };

/* Tokens that go without saying where a group was named: "(" begins an expression, BETWEEN and AND are operators. */
static bool goes_without_saying(int type, bool expression, bool name, bool operator) {
  if (expression && (type == TK_ID || type == TK_LP || type == TK_STRING || type == TK_PLUS || type == TK_INTEGER || type == TK_NULL))
    return true;
  if (name && (type == TK_STRING || type == TK_INDEXED)) return true;
  return operator && (type == TK_BETWEEN || type == TK_AND || type == TK_IN || type == TK_LIKE_KW);
}

static void list_expected(const grammar_states *states, char *out, size_t size) {
  bool expression = grammar_would_shift(states, TK_CASE), name = grammar_would_shift(states, TK_ID);
  bool operator = !expression && grammar_would_shift(states, TK_SLASH);
  const char *words[MOST_EXPECTATIONS + 1];
  int n = 0;
  for (size_t i = 0; i < sizeof expectations / sizeof *expectations && n <= MOST_EXPECTATIONS; i++) {
    int type = expectations[i].type;
    if (goes_without_saying(type, expression, name, operator) || !grammar_would_shift(states, type)) continue;
    words[n++] = expectations[i].words;
  }
  size_t used = 0;
  out[0] = '\0';
  bool more = n > MOST_EXPECTATIONS;
  if (more) n = MOST_EXPECTATIONS;
  for (int i = 0; i < n && used < size; i++) {
    const char *between = i == 0 ? "" : i == n - 1 && !more ? " or " : ", ";
    used += (size_t)snprintf(out + used, size - used, "%s%s", between, words[i]);
  }
  if (more && used < size) snprintf(out + used, size - used, ", …");
}

enum { MOST_SHOWN_BYTES = 40 };

/* Cuts long tokens, at a character's boundary. */
static int shown_bytes(const token *t) {
  size_t n = t->bytes;
  if (n > MOST_SHOWN_BYTES) {
    n = MOST_SHOWN_BYTES;
    while (n && ((unsigned char)t->text[n] & 0xC0) == 0x80) n--;
  }
  return (int)n;
}

static void illegal_token(query_build *q, const token *t) {
  int shown = shown_bytes(t);
  char c = t->text[0];
  if (c == '\'' || c == '"' || c == '`' || c == '[') {
    build_fail(q, ERR_INVALID, t->at, "this %s has no end: %.*s", c == '\'' ? "string" : "quoted name", shown, t->text);
    error_hint(q->err, "close it with %c; a quote inside is written twice", c == '[' ? ']' : c);
  } else if (c == 'x' || c == 'X') {
    build_fail(q, ERR_INVALID, t->at, "%.*s is no blob", shown, t->text);
    error_hint(q->err, "expected an even number of hexadecimal digits: x'00ff'");
  } else if ((c >= '0' && c <= '9') || c == '.') {
    build_fail(q, ERR_INVALID, t->at, "%.*s is neither a number nor a name", shown, t->text);
    error_hint(q->err, "a name that starts with a digit is written in double quotes");
  } else {
    build_fail(q, ERR_INVALID, t->at, "the character \"%.*s\" has no meaning here", shown, t->text);
    if (c == ':') error_hint(q->err, "a parameter is written :name, a conversion CAST(value AS type)");
    else if (c == '!') error_hint(q->err, "negation is written NOT, and \"is not equal\" <> or !=");
    else if (c == '{' || c == '}') error_hint(q->err, "a template is written {{name}}, and its name must be declared");
  }
}

static bool starts_operand(const token *t) {
  switch (t->type) {
    case TK_ID: case TK_STRING: case TK_INTEGER: case TK_FLOAT: case TK_BLOB: case TK_NULL: case TK_VARIABLE: case TK_CASE:
    case TK_CTIME_KW: case TK_EXISTS: return true;
    default: return false;
  }
}

static bool is_keyword(const token *t) {
  return t->type && t->type != TK_ID && t->bytes && !lexer_is_plain_name(t->text, t->bytes) &&
         ((t->text[0] | 0x20) >= 'a' && (t->text[0] | 0x20) <= 'z') && t->type != TK_BLOB;
}

static void add_hint(query_build *q, const grammar_states *states, const token *found) {
  bool name = grammar_would_shift(states, TK_ID), comma = grammar_would_shift(states, TK_COMMA);
  int before = q->before.type;
  if (!before && !name)
    error_hint(q->err, "a view is one SELECT, or WITH … SELECT, or VALUES");
  else if (before == TK_SEMI)
    error_hint(q->err, "only one statement goes here");
  else if (before == TK_COMMA && !starts_operand(found))
    error_hint(q->err, "take away the comma before it, or write what was to follow");
  else if (found->type == TK_BITAND && before == TK_BITAND)
    error_hint(q->err, "the logical operator is AND");
  else if (found->type == 0 && grammar_would_shift(states, TK_RP))
    error_hint(q->err, "a \")\" is missing");
  else if (found->type == TK_RP && grammar_would_shift(states, TK_SEMI))
    error_hint(q->err, "no \"(\" belongs to it");
  else if (found->type == TK_JOIN_KW && grammar_would_shift(states, TK_JOIN))
    error_hint(q->err, "expected [NATURAL] and INNER, CROSS, LEFT, RIGHT or FULL [OUTER] before JOIN");
  else if (is_keyword(found) && found->type != TK_FROM && found->type != TK_WHERE && name)
    error_hint(q->err, "%.*s is a keyword: as a name it is written \"%.*s\"", (int)found->bytes, found->text, (int)found->bytes,
               found->text);
  else if (comma && starts_operand(found))
    error_hint(q->err, "is a comma or an operator missing before it?");
  else if (grammar_would_shift(states, TK_SLASH) && starts_operand(found))
    error_hint(q->err, "is an operator missing before it?");
}

static void syntax_error(query_build *q, const grammar_states *states, const token *found) {
  q->failed = false; /* set by the parser without an error */
  if (found->type == TK_ILLEGAL) {
    illegal_token(q, found);
    return;
  }
  char expected[300];
  list_expected(states, expected, sizeof expected);
  if (found->type == 0)
    build_fail(q, ERR_INVALID, found->at, "the statement ends too early: expected %s", expected);
  else
    build_fail(q, ERR_INVALID, found->at, "syntax error at \"%.*s\": expected %s", shown_bytes(found), found->text, expected);
  add_hint(q, states, found);
}

/* --- the driver --- */

static void feed(void *parser, query_build *q, token t, grammar_states *states) {
  grammar_save(parser, states);
  q->lookahead = t;
  query_grammar(parser, t.type, t, q);
  if (q->failed && q->err->code == ERR_NONE) syntax_error(q, states, &t);
  q->before = t;
}

static bool parse(query_build *q, const char *text, size_t bytes, bool one_expression) {
  error_clear(q->err);
  if (bytes > MAX_STATEMENT_BYTES)
    return error_set(q->err, ERR_LIMIT, "the statement has %zu bytes: at most %d are allowed", bytes, MAX_STATEMENT_BYTES);
  if (memchr(text, '\0', bytes)) return error_set(q->err, ERR_INVALID, "the statement contains a NUL byte: expected text in UTF-8");
  void *parser = query_grammarAlloc(malloc);
  if (!parser) return error_nomem(q->err);
  grammar_states states;
  lexer l;
  lexer_start(&l, text, bytes);
  if (one_expression) feed(parser, q, (token){.type = TK_START_EXPR, .text = text, .at = {1, 1}}, &states);
  q->before = (token){0};
  token t;
  do {
    t = lexer_next(&l);
    feed(parser, q, t, &states);
  } while (t.type && !q->failed);
  query_grammarFree(parser, free);
  return !q->failed;
}

select_stmt *query_parse(arena *a, const char *text, size_t bytes, error *err) {
  query_build q = {.arena = a, .err = err};
  return parse(&q, text, bytes, false) ? q.root : NULL;
}

expr *query_parse_expr(arena *a, const char *text, size_t bytes, error *err) {
  query_build q = {.arena = a, .err = err};
  return parse(&q, text, bytes, true) ? q.root_expr : NULL;
}
