/* Any bytes: the lexer covers them token by token, the parser takes or refuses them with a message, and what it takes can be
** copied, compared, written and read again as the same tree. */
#include "fuzz.h"

#include "query/lexer.h"
#include "query/parser.h"
#include "query/unparse.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/query_corpus.h"

static void require(bool condition, const char *what, const char *text, size_t bytes) {
  if (condition) return;
  fprintf(stderr, "%s: %.*s\n", what, (int)bytes, text);
  abort();
}

static void check_tokens(const char *text, size_t bytes) {
  lexer l;
  lexer_start(&l, text, bytes);
  const char *end = text;
  for (token t = lexer_next(&l); t.text != l.end || t.type; t = lexer_next(&l)) {
    require(t.text >= end && t.bytes > 0 && t.text + t.bytes <= text + bytes && t.type, "a token without a place", text, bytes);
    end = t.text + t.bytes;
  }
}

static void check_tree(arena *a, const char *text, size_t bytes, const select_stmt *tree) {
  buffer written = {0};
  error err;
  unparse_select(&written, tree, NULL);
  require(!written.failed, "not written", text, bytes);
  const select_stmt *second = query_parse(a, buffer_text(&written), written.len, &err);
  if (!second && err.code == ERR_LIMIT) goto done; /* quotes and words of their own make it longer */
  require(second && select_equal(tree, second), "not read back as the same", buffer_text(&written), written.len);
  const select_stmt *copy = select_copy(a, tree);
  require(copy && select_equal(copy, tree), "not copied", text, bytes);
done:
  buffer_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  arena a = {0};
  error err;
  check_tokens(text, size);
  const select_stmt *tree = query_parse(&a, text, size, &err);
  if (tree) check_tree(&a, text, size, tree);
  else require(err.code != ERR_NONE && err.text[0], "refused without a word", text, size);
  const expr *e = query_parse_expr(&a, text, size, &err);
  require(e || (err.code != ERR_NONE && err.text[0]), "refused without a word", text, size);
  arena_free(&a);
  return 0;
}

const char *const *fuzz_seeds(void) { return corpus_valid; }
