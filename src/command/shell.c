#include "command/command.h"
#include "command/folders.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { MAX_ANSWER_BYTES = 64 * 1024, MAX_SHELL_WORDS = 200, ASK_TIMEOUT_S = 2 };

static const option_spec specs[] = {
  {.name = "live-db", .kind = OPTION_TEXT, .value = "PATH", .help = "the live database [asked of the server]"},
  {.name = "port", .kind = OPTION_INTEGER, .value = "PORT", .fallback = "8080", .least = 1, .most = 65535, .help = "the server to ask, on this machine"},
  {.name = "help", .kind = OPTION_FLAG, .help = "this text"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

static void help(FILE *out) {
  fputs("usage: viewserver shell [options] [--] [arguments of sqlite3 …]\n\n"
        "Opens the live database of a running server in the stock sqlite3 shell, read-only, with the server's SQL functions where\n"
        "their extension is installed. Each view stands there under its own name:\n"
        "  viewserver shell 'SELECT * FROM account_overview LIMIT 5'\n\n", out);
  options_help(specs, SPECS, out);
}

/* --- asking the server --- */

static int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct timeval limit = {.tv_sec = ASK_TIMEOUT_S};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* The body of GET path, malloc'd, or NULL. */
static char *get(int port, const char *path) {
  int fd = connect_to(port);
  if (fd < 0) return NULL;
  char request[256];
  int n = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: 127.0.0.1:%d\r\n\r\n", path, port);
  char *answer = malloc(MAX_ANSWER_BYTES + 1);
  size_t have = 0;
  bool sent = answer && write(fd, request, (size_t)n) == n;
  for (ssize_t got = 1; sent && got > 0 && have < MAX_ANSWER_BYTES; have += got > 0 ? (size_t)got : 0) got = read(fd, answer + have, MAX_ANSWER_BYTES - have);
  close(fd);
  if (answer) answer[have] = '\0';
  char *body = answer ? strstr(answer, "\r\n\r\n") : NULL;
  if (body) memmove(answer, body + 4, strlen(body + 4) + 1);
  if (body) return answer;
  free(answer);
  return NULL;
}

static bool ask_server(int port, char *out, size_t size) {
  char *body = get(port, "/api/v1");
  json_t *json = body ? json_loads(body, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
  const char *path = json_string_value(json_object_get(json, "live_database"));
  bool found = path && strlen(path) < size;
  if (found) snprintf(out, size, "%s", path);
  json_decref(json);
  free(body);
  return found;
}

/* --- the command --- */

static bool find_database(const options *o, char *out, size_t size, error *err) {
  int port = (int)options_integer(o, "port");
  struct stat st;
  if (options_text(o, "live-db"))
    snprintf(out, size, "%s", options_text(o, "live-db"));
  else if (ask_server(port, out, size))
    return true;
  else
    paths_live_db(port, out, size);
  if (stat(out, &st) == 0) return true;
  if (options_text(o, "live-db")) return error_set(err, ERR_NOT_FOUND, "there is no file %s", out);
  error_set(err, ERR_NOT_FOUND, "no server answers at 127.0.0.1:%d, and there is no file %s", port, out);
  return error_hint(err, "start one with viewserver serve, or name the file with --live-db PATH");
}

static int open_shell(const options *o) {
  char path[MAX_PATH_BYTES], library[MAX_PATH_BYTES], load[MAX_PATH_BYTES + 16];
  error err = {0};
  if (!find_database(o, path, sizeof path, &err)) return command_failed("shell", &err);
  char *words[MAX_SHELL_WORDS + 8] = {(char *)"sqlite3", (char *)"-readonly"};
  int n = 2;
  if (*paths_library("vs_functions.so", library, sizeof library)) {
    snprintf(load, sizeof load, ".load '%s'", library);
    words[n++] = (char *)"-cmd";
    words[n++] = load;
  }
  if (options_words(o) == 0 && isatty(STDIN_FILENO)) words[n++] = (char *)"-box";
  words[n++] = path;
  for (int i = 0; i < options_words(o) && i < MAX_SHELL_WORDS; i++) words[n++] = (char *)options_word(o, i);
  words[n] = NULL;
  execvp("sqlite3", words);
  error_set(&err, ERR_IO, "the sqlite3 shell cannot be started: %s", strerror(errno));
  error_hint(&err, "install it (apt-get install sqlite3), or open %s with another SQLite program", path);
  return command_failed("shell", &err);
}

int command_shell(int argc, char **argv) {
  error err = {0};
  options *o = options_read(specs, SPECS, argc, argv, &err);
  if (!o) return command_failed("shell", &err);
  int status = EXIT_DONE;
  if (options_flag(o, "help"))
    help(stdout);
  else
    status = open_shell(o);
  options_free(o);
  return status;
}
