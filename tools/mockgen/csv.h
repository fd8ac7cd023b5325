/* Comma-separated lines with optional double quotes, split in place. Thread: any, on its own text. */
#ifndef MOCKGEN_CSV_H
#define MOCKGEN_CSV_H

#include <stddef.h>

/* Splits the line (its end-of-line characters are cut off) into at most `max` fields that point into it; quotes are taken off and
** doubled ones halved. Returns the number of fields found, which is more than `max` when the line has more. */
size_t csv_split(char *line, char **fields, size_t max);

#endif
