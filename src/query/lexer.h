/* SQLite's tokens, for the parser, for templates and for splitting scripts into statements. Thread: any. */
#ifndef QUERY_LEXER_H
#define QUERY_LEXER_H

#include "base/error.h"
#include "query/ast.h"

typedef struct token {
  int type;          /* a TK_… of grammar.h; 0 at the end; TK_ILLEGAL for what is no token */
  const char *text;  /* inside the source */
  size_t bytes;
  position at;
} token;

typedef struct lexer {
  const char *text, *end, *at;
  int line, column;
} lexer;

void lexer_start(lexer *l, const char *text, size_t bytes);
/* The next token that is no white space and no comment. */
token lexer_next(lexer *l);
/* Whether the token is this keyword or bare identifier, in any case. */
bool token_is(const token *t, const char *word);

#endif
