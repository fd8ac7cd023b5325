#include "mockgen/csv.h"

#include <string.h>

/* Takes one field off *cursor, which is left behind the comma, or NULL at the end of the line. */
static char *take_field(char **cursor) {
  char *read = *cursor;
  if (*read != '"') {
    char *comma = strchr(read, ',');
    if (comma) *comma = '\0';
    *cursor = comma ? comma + 1 : NULL;
    return read;
  }
  char *start = ++read, *write = read;
  while (*read && !(*read == '"' && read[1] != '"')) {
    if (*read == '"') read++;
    *write++ = *read++;
  }
  if (*read == '"') read++;
  *cursor = *read == ',' ? read + 1 : NULL;
  *write = '\0';
  return start;
}

size_t csv_split(char *line, char **fields, size_t max) {
  line[strcspn(line, "\r\n")] = '\0';
  size_t n = 0;
  for (char *cursor = line; cursor;) {
    char *field = take_field(&cursor);
    if (n < max) fields[n] = field;
    n++;
  }
  return n;
}
