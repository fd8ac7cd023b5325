/* SQLite's tokens, for the parser, for templates and for splitting scripts into statements.
**
** A keyword that no SELECT uses is TK_ID where SQLite lets it be a name, else TK_RESERVED: token_is tells which it is.
** WINDOW, OVER and FILTER are keywords only where what stands around them makes them one, as in SQLite; else TK_ID.
** Columns count characters, not bytes. Bytes that are not UTF-8, and NUL, do no harm. Thread: any, each with its own lexer.
*/
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
  int last; /* type of the token returned before: OVER and FILTER follow a parenthesis */
} lexer;

void lexer_start(lexer *l, const char *text, size_t bytes);
/* The next token that is no white space and no comment. */
token lexer_next(lexer *l);
/* Whether the token is this keyword or bare identifier, in any case. */
bool token_is(const token *t, const char *word);
/* Whether SQLite reads these bytes, unquoted, as a name wherever a name may stand: [A-Za-z_…] and no keyword at all. */
bool lexer_is_plain_name(const char *text, size_t bytes);
/* What the token names, quotes taken away ("", ``, [] and '' alike), in the arena; NULL when out of memory. */
char *token_name(arena *a, const token *t);

#endif
