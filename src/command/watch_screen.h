/* Draws rows as a table in a terminal, changed cells lit for a moment, or as plain lines. Thread: one. */
#ifndef COMMAND_WATCH_SCREEN_H
#define COMMAND_WATCH_SCREEN_H

#include "base/buffer.h"
#include "client/live_rows.h"

enum { LIT_MS = 1000 };

typedef struct screen {
  const char *view;
  const json_t *columns; /* of `subscribed`, borrowed */
  int width, height;     /* of the terminal */
  bool colour;
} screen;

/* The whole screen. Returns in how many ms a lit cell goes out, or -1. */
int screen_draw(const screen *s, const live_rows *rows, const char *status, int64_t now_ms, buffer *out);
/* Tab-separated lines: the columns' names; one row after a mark ("" = none). */
void screen_put_names(const json_t *columns, const char *mark, buffer *out);
void screen_put_row(const live_row *row, const char *mark, buffer *out);

#endif
