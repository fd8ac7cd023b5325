#include "base/clock.h"
#include "base/options.h"
#include "client/ws_client.h"
#include "command/command.h"
#include "command/folders.h"
#include "command/watch_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CONNECT_TIMEOUT_MS = 5000, LONGEST_WAIT_MS = 1000, SILENCE_MS = 15000, LEAST_DRAW_MS = 40 };

static const option_spec specs[] = {
  {.name = "server", .kind = OPTION_TEXT, .value = "HOST:PORT", .fallback = "127.0.0.1:8080", .help = "the server"},
  {.name = "filter", .kind = OPTION_TEXT, .value = "SQL", .help = "only rows for which this expression is true"},
  {.name = "order-by", .kind = OPTION_TEXT, .value = "COLUMNS", .help = "column,-column (descending); needs --limit or a terminal"},
  {.name = "limit", .kind = OPTION_INTEGER, .value = "ROWS", .least = 1, .most = 10000, .help = "only the first rows [all; what fits the terminal]"},
  {.name = "offset", .kind = OPTION_INTEGER, .value = "ROWS", .least = 0, .most = INT32_MAX, .help = "from this row on; needs --limit or a terminal"},
  {.name = "conflate-ms", .kind = OPTION_INTEGER, .value = "MS", .least = 0, .most = 60000, .help = "at most one update in so long [the server's default]"},
  {.name = "plain", .kind = OPTION_FLAG, .help = "tab-separated lines: rows, then + ~ - and the row for each change"},
  {.name = "ndjson", .kind = OPTION_FLAG, .help = "the server's messages, one a line"},
  {.name = "once", .kind = OPTION_FLAG, .help = "print the rows and stop"},
  {.name = "help", .kind = OPTION_FLAG, .help = "this text"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

static void help(FILE *out) {
  fputs("usage: viewserver watch VIEW [parameter=value,value …] [options]\n\n"
        "Follows a view of a running server: a table that redraws itself, changed cells lit. In a pipe: plain lines.\n"
        "  viewserver watch account_overview accounts=ACC001,ACC002 group_by=sector --order-by=-current_nav_usd\n\n", out);
  options_help(specs, SPECS, out);
}

typedef enum watch_mode { MODE_SCREEN, MODE_PLAIN, MODE_NDJSON } watch_mode;

typedef struct watch {
  const options *options;
  watch_mode mode;
  bool once, done, failed;
  screen screen;
  live_rows rows;
  json_t *subscribed;
  buffer out;
  error err;
  bool redraw;
  int64_t drawn_ms, heard_ms, lag_ms;
} watch;

static volatile sig_atomic_t interrupted, resized;

static void on_signal(int number) {
  if (number == SIGWINCH)
    resized = 1;
  else
    interrupted = 1;
}

/* --- asking --- */

/* "a,b" → ["a","b"]; a single value stays one. */
static json_t *parameter_value(const char *text, bool always_list) {
  json_t *list = json_array();
  for (const char *p = text;;) {
    size_t n = strcspn(p, ",");
    json_array_append_new(list, json_stringn(p, n));
    if (!p[n]) break;
    p += n + 1;
  }
  if (always_list || json_array_size(list) != 1) return list;
  json_t *one = json_incref(json_array_get(list, 0));
  json_decref(list);
  return one;
}

static json_t *parameters(const options *o, error *err) {
  json_t *params = json_object();
  for (int i = 1; i < options_words(o); i++) {
    const char *word = options_word(o, i), *equals = strchr(word, '=');
    char name[128];
    if (!equals || equals == word || (size_t)(equals - word) >= sizeof name) {
      json_decref(params);
      error_set(err, ERR_INVALID, "'%.60s' is no parameter: name=value was expected", word);
      return NULL;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    json_object_set_new(params, name, parameter_value(equals + 1, strcmp(name, "group_by") == 0));
  }
  return params;
}

static int rows_that_fit(const screen *s) { return s->height > 4 ? s->height - 3 : 1; }

/* Screens show a window as high as they are; else the view is followed whole. */
static void put_window(const watch *w, json_t *message) {
  const options *o = w->options;
  bool given = options_given(o, "limit");
  if (!given && w->mode != MODE_SCREEN) return;
  json_object_set_new(message, "limit", json_integer(given ? options_integer(o, "limit") : rows_that_fit(&w->screen)));
  json_object_set_new(message, "offset", json_integer(options_integer(o, "offset")));
  if (options_text(o, "order-by")) json_object_set_new(message, "order_by", parameter_value(options_text(o, "order-by"), true));
}

static bool send_message(ws_client *c, json_t *message, error *err) {
  char *text = json_dumps(message, JSON_COMPACT);
  bool done = text && ws_client_send(c, text, strlen(text));
  free(text);
  return done || error_set(err, ERR_IO, "the connection ended");
}

static bool subscribe(watch *w, ws_client *c, error *err) {
  const options *o = w->options;
  json_t *params = parameters(o, err);
  if (!params) return false;
  json_t *m = json_pack("{s:s,s:s,s:s,s:o}", "op", "subscribe", "id", "watch", "view", w->screen.view, "params", params);
  if (options_text(o, "filter")) json_object_set_new(m, "filter", json_string(options_text(o, "filter")));
  if (options_given(o, "conflate-ms")) json_object_set_new(m, "conflate_ms", json_integer(options_integer(o, "conflate-ms")));
  put_window(w, m);
  if (!json_object_get(m, "limit") && (options_text(o, "order-by") || options_given(o, "offset"))) {
    json_decref(m);
    return error_set(err, ERR_INVALID, "--order-by and --offset need --limit");
  }
  bool done = send_message(c, m, err);
  json_decref(m);
  return done;
}

static bool follow_size(watch *w, ws_client *c, error *err) {
  struct winsize size;
  if (w->mode != MODE_SCREEN) return true;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
    w->screen.height = size.ws_row;
    w->screen.width = size.ws_col;
  }
  w->redraw = true;
  if (!c || options_given(w->options, "limit")) return true;
  json_t *m = json_pack("{s:s,s:s,s:i}", "op", "change", "id", "watch", "limit", rows_that_fit(&w->screen));
  bool done = send_message(c, m, err);
  json_decref(m);
  return done;
}

/* --- what comes --- */

static void print_change(void *ctx, char what, const live_row *row) {
  watch *w = ctx;
  char mark[2] = {what, '\0'};
  if (w->mode == MODE_PLAIN) screen_put_row(row, mark, &w->out);
}

static void print_rows(watch *w) {
  const char *mark = w->once ? "" : "=";
  screen_put_names(json_object_get(w->subscribed, "columns"), mark, &w->out);
  for (int i = 0; i < w->rows.count; i++) screen_put_row(w->rows.rows[i], mark, &w->out);
}

static void stop_with(watch *w, const json_t *m) {
  const char *text = json_string_value(json_object_get(m, "message")), *hint = json_string_value(json_object_get(m, "hint"));
  error_set(&w->err, ERR_INVALID, "%s", text ? text : "the server refused it");
  if (hint) error_hint(&w->err, "%s", hint);
  w->failed = true;
}

static void take_message(watch *w, json_t *m, const char *text, size_t bytes) {
  const char *type = json_string_value(json_object_get(m, "type"));
  bool was_complete = w->rows.complete;
  if (!type) return;
  if (strcmp(type, "error") == 0) stop_with(w, m);
  if (w->mode == MODE_NDJSON && strcmp(type, "hello") != 0 && strcmp(type, "heartbeat") != 0) {
    buffer_append(&w->out, text, bytes);
    buffer_putc(&w->out, '\n');
  }
  if (strcmp(type, "subscribed") == 0) {
    json_decref(w->subscribed);
    w->subscribed = json_incref(m);
    w->screen.columns = json_object_get(m, "columns");
    if (json_is_true(json_object_get(m, "reset"))) live_rows_clear(&w->rows);
    return;
  }
  bool delta = strcmp(type, "delta") == 0;
  if (delta) w->lag_ms = clock_unix_ms() - json_integer_value(json_object_get(m, "time"));
  if (!live_rows_apply(&w->rows, m, clock_monotonic_ms(), print_change, w, &w->err)) w->failed = true;
  if (w->mode == MODE_PLAIN && strcmp(type, "snapshot") == 0 && w->rows.complete && !was_complete) print_rows(w);
  if (w->once && w->rows.complete) w->done = true;
  w->redraw = true;
}

static void on_text(void *ctx, const char *text, size_t bytes) {
  watch *w = ctx;
  if (w->failed || w->done) return;
  w->heard_ms = clock_monotonic_ms();
  json_t *m = json_loadb(text, bytes, JSON_ALLOW_NUL, NULL);
  if (m) {
    take_message(w, m, text, bytes);
  } else {
    error_set(&w->err, ERR_IO, "the server sent a message that is no JSON");
    w->failed = true;
  }
  json_decref(m);
}

/* --- showing --- */

static bool flush_out(watch *w) {
  size_t at = 0;
  while (at < w->out.len) {
    ssize_t n = write(STDOUT_FILENO, w->out.data + at, w->out.len - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) { /* the reader of the pipe left: that is how pipes end */
      w->done = true;
      break;
    }
    at += (size_t)n;
  }
  buffer_clear(&w->out);
  return !w->done;
}

/* Returns after how many ms to draw again at the latest. */
static int show(watch *w, int64_t now_ms) {
  if (w->mode != MODE_SCREEN || w->once || !w->screen.columns || !w->redraw) return LONGEST_WAIT_MS;
  if (now_ms - w->drawn_ms < LEAST_DRAW_MS) return (int)(LEAST_DRAW_MS - (now_ms - w->drawn_ms));
  char status[100];
  int64_t silent_ms = now_ms - w->heard_ms;
  if (silent_ms > SILENCE_MS)
    snprintf(status, sizeof status, "silent for %lld s", (long long)silent_ms / 1000);
  else
    snprintf(status, sizeof status, "%lld ms from commit", (long long)w->lag_ms);
  int wait_ms = screen_draw(&w->screen, &w->rows, status, now_ms, &w->out);
  w->drawn_ms = now_ms;
  w->redraw = wait_ms >= 0 || silent_ms > SILENCE_MS;
  return wait_ms < 0 ? LONGEST_WAIT_MS : wait_ms;
}

static void over(watch *w, const ws_client *c) {
  if (w->failed || w->done) return;
  const char *reason = ws_client_close_reason(c);
  error_set(&w->err, ERR_IO, "the server closed the connection (%d%s%s)", ws_client_close_code(c), reason[0] ? ": " : "", reason);
  w->failed = true;
}

static void run(watch *w, ws_client *c) {
  if (!subscribe(w, c, &w->err)) w->failed = true;
  w->heard_ms = clock_monotonic_ms();
  while (!w->failed && !w->done && !interrupted) {
    int wait_ms = show(w, clock_monotonic_ms());
    if (!flush_out(w)) break;
    struct pollfd p = {.fd = ws_client_fd(c), .events = (short)(POLLIN | (ws_client_wants_write(c) ? POLLOUT : 0))};
    if (poll(&p, 1, wait_ms) < 0 && errno != EINTR) break;
    if (resized) {
      resized = 0;
      if (!follow_size(w, c, &w->err)) w->failed = true;
    }
    if (p.revents & POLLOUT && !ws_client_write(c)) over(w, c);
    if (p.revents & (POLLIN | POLLHUP | POLLERR) && !ws_client_read(c)) over(w, c);
  }
  flush_out(w);
  if (!w->failed) ws_client_say_close(c);
}

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGWINCH, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

static int watch_view(const options *o) {
  watch w = {.options = o, .once = options_flag(o, "once"), .screen = {.view = options_word(o, 0), .width = 80, .height = 24}};
  char host[256];
  int port;
  bool terminal = isatty(STDOUT_FILENO) && !options_flag(o, "plain");
  w.mode = options_flag(o, "ndjson") ? MODE_NDJSON : terminal && !w.once ? MODE_SCREEN : MODE_PLAIN;
  w.screen.colour = !getenv("NO_COLOR");
  if (!ws_client_parse_address(options_text(o, "server"), host, sizeof host, &port, &w.err)) return command_failed("watch", &w.err);
  ws_client *c = ws_client_connect(host, port, "/ws", NULL, CONNECT_TIMEOUT_MS, on_text, &w, &w.err);
  if (!c) {
    if (!w.err.hint[0]) error_hint(&w.err, "start a server with viewserver serve, or name one with --server HOST:PORT");
    return command_failed("watch", &w.err);
  }
  catch_signals();
  follow_size(&w, NULL, &w.err);
  if (w.mode == MODE_SCREEN) buffer_puts(&w.out, "\033[?1049h\033[?25l\033[2J");
  run(&w, c);
  if (w.mode == MODE_SCREEN) buffer_puts(&w.out, "\033[?25h\033[?1049l");
  flush_out(&w);
  int status = w.failed ? command_failed("watch", &w.err) : EXIT_DONE;
  ws_client_free(c);
  live_rows_clear(&w.rows);
  json_decref(w.subscribed);
  buffer_free(&w.out);
  return status;
}

int command_watch(int argc, char **argv) {
  error err = {0};
  options *o = options_read(specs, SPECS, argc, argv, &err);
  if (!o) return command_failed("watch", &err);
  int status = EXIT_DONE;
  if (options_flag(o, "help")) {
    help(stdout);
  } else if (options_words(o) < 1) {
    help(stderr);
    status = EXIT_USAGE;
  } else {
    status = watch_view(o);
  }
  options_free(o);
  return status;
}
