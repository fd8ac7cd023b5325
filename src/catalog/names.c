#include "catalog/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool name_matches(const char *given, size_t bytes, const char *declared) {
  if (strlen(declared) == bytes && !strncasecmp(given, declared, bytes)) return true;
  const char *want = declared;
  for (size_t i = 0; i < bytes; i++) {
    unsigned char c = (unsigned char)given[i];
    if (isupper(c) && i > 0 && *want == '_') want++;
    if (!*want || tolower(c) != tolower((unsigned char)*want)) return false;
    want++;
  }
  return *want == '\0';
}

const char *column_affinity(const char *declared) {
  static const struct {
    const char *part, *type;
  } rules[] = {{"int", "INTEGER"}, {"char", "TEXT"}, {"clob", "TEXT"}, {"text", "TEXT"}, {"blob", "BLOB"}, {"real", "REAL"}, {"floa", "REAL"}, {"doub", "REAL"}};
  if (!declared || !*declared) return "";
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
    if (strcasestr(declared, rules[i].part)) return rules[i].type;
  return "NUMERIC";
}
