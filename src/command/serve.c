#include "base/log.h"
#include "command/command.h"
#include "command/folders.h"
#include "engine/engine.h"
#include "publish/publisher.h"
#include "transport/streams.h"
#include "transport/transport.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LISTEN_BYTES = 300 };

static const option_spec specs[] = {
  {.name = "#Where it listens"},
  {.name = "listen", .kind = OPTION_TEXT, .value = "ADDRESS", .fallback = "127.0.0.1", .help = "address; 0.0.0.0 for all of this machine's"},
  {.name = "port", .kind = OPTION_INTEGER, .value = "PORT", .fallback = "8080", .least = 0, .most = 65535, .help = "page, REST and WebSocket; 0 = any free one"},
  {.name = "ui", .kind = OPTION_TEXT, .value = "DIR", .help = "the page's built files [found beside the program]"},
  {.name = "origin", .kind = OPTION_LIST, .value = "URL", .help = "another origin that may read and write; may stand several times"},
  {.name = "host", .kind = OPTION_LIST, .value = "NAME", .help = "another name of this server in Host; may stand several times"},
  {.name = "no-sql", .kind = OPTION_FLAG, .help = "do not answer ad-hoc SQL (POST /api/v1/sql)"},
  {.name = "workers", .kind = OPTION_INTEGER, .value = "N", .fallback = "16", .least = 1, .most = 256, .help = "REST requests that run at once"},

  {.name = "#What it reads"},
  {.name = "kafka", .kind = OPTION_TEXT, .value = "HOST:PORT", .help = "the Kafka brokers, between commas; without, records come over REST only"},
  {.name = "kafka-config", .kind = OPTION_LIST, .value = "NAME=VALUE", .help = "a librdkafka property; may stand several times"},
  OPTION_FOLDERS,
  {.name = "strict", .kind = OPTION_FLAG, .help = "do not start when a view is wrong"},
  {.name = "reload-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "1000", .most = 3600000, .help = "how often the views' folder is looked at; 0 = never"},

  {.name = "#The live database"},
  {.name = "live-db", .kind = OPTION_TEXT, .value = "PATH", .help = "its file [/dev/shm/viewserver-PORT.db]"},
  {.name = "fresh", .kind = OPTION_FLAG, .help = "throw away what is there and replay; else it goes on from its offsets"},
  {.name = "cache-bytes", .kind = OPTION_INTEGER, .value = "BYTES", .fallback = "256M", .least = 1 << 20, .most = 1LL << 40, .help = "page cache of the writing connection"},

  {.name = "#Turns and instances"},
  {.name = "turn-records", .kind = OPTION_INTEGER, .value = "N", .fallback = "100000", .least = 1, .most = 10000000, .help = "most records in a turn"},
  {.name = "turn-bytes", .kind = OPTION_INTEGER, .value = "BYTES", .fallback = "64M", .least = 1, .most = 1LL << 40, .help = "most bytes of records in a turn"},
  {.name = "turn-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "20", .most = 10000, .help = "how long a turn collects while more keeps coming"},
  {.name = "instances", .kind = OPTION_INTEGER, .value = "N", .fallback = "10000", .least = 1, .most = 1000000, .help = "most selections kept alive"},
  {.name = "instance-rows", .kind = OPTION_INTEGER, .value = "N", .fallback = "5000000", .least = 1, .most = 1LL << 40, .help = "most rows of a new one"},
  {.name = "instance-grace-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "60000", .most = 86400000, .help = "one is dropped so long after its last client"},
  {.name = "rerun-percent", .kind = OPTION_INTEGER, .value = "N", .fallback = "20", .least = 1, .most = 100, .help = "share of the engine's time for views that are run again whole"},
  {.name = "audit-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "5000", .most = 86400000, .help = "pause between two comparisons of an instance with its SQL; 0 = none"},

  {.name = "#Clients"},
  {.name = "clients", .kind = OPTION_INTEGER, .value = "N", .fallback = "10000", .least = 1, .most = 1000000, .help = "most WebSocket and SSE connections"},
  {.name = "subscriptions", .kind = OPTION_INTEGER, .value = "N", .fallback = "64", .least = 1, .most = 100000, .help = "most subscriptions of a client"},
  {.name = "conflate-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "100", .most = 60000, .help = "least time between two deltas where a client does not say"},
  {.name = "stall-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "10000", .least = 100, .most = 3600000, .help = "a client that accepts nothing for so long is cut"},
  {.name = "pending-bytes", .kind = OPTION_INTEGER, .value = "BYTES", .fallback = "16M", .least = 1024, .most = 1LL << 40, .help = "changes kept for a slow client; then it gets a snapshot"},
  {.name = "resume-bytes", .kind = OPTION_INTEGER, .value = "BYTES", .fallback = "16M", .most = 1LL << 40, .help = "changes kept for clients that come back, per instance"},
  {.name = "resume-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "20000", .most = 86400000, .help = "how long they are kept when nobody follows"},

  {.name = "#Itself"},
  {.name = "config", .kind = OPTION_TEXT, .value = "FILE", .help = "options as lines NAME = VALUE"},
  {.name = "log", .kind = OPTION_TEXT, .value = "text|json", .fallback = "text", .help = "form of the log on stderr"},
  {.name = "log-level", .kind = OPTION_TEXT, .value = "LEVEL", .fallback = "info", .help = "debug, info, warn or error"},
  {.name = "help", .kind = OPTION_FLAG, .help = "this text"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

static void help(FILE *out) {
  fputs("usage: viewserver serve [options]\n\n"
        "Consumes the topics declared in sql/, keeps the views of views/ up to date and serves them. Each option can also stand in\n"
        "the environment (VIEWSERVER_LIVE_DB for --live-db) or in the --config file; a flag wins over the environment, that over the file.\n", out);
  options_help(specs, SPECS, out);
}

/* What runs, in the order of starting. */
typedef struct server {
  char sql[MAX_PATH_BYTES], views[MAX_PATH_BYTES], ui[MAX_PATH_BYTES], live_db[MAX_PATH_BYTES], listen[MAX_LISTEN_BYTES];
  engine *engine;
  publisher *publisher;
  streams *streams;
  transport *transport;
} server;

static bool configure_log(const options *o, error *err) {
  log_level level;
  const char *form = options_text(o, "log");
  if (strcmp(form, "text") && strcmp(form, "json")) return error_set(err, ERR_INVALID, "log takes text or json, not '%s'", form);
  if (!log_level_parse(options_text(o, "log-level"), &level))
    return error_set(err, ERR_INVALID, "log-level takes debug, info, warn or error, not '%s'", options_text(o, "log-level"));
  log_configure(level, !strcmp(form, "json"));
  return true;
}

static bool find_places(server *s, const options *o, error *err) {
  int port = (int)options_integer(o, "port");
  if (!folder_option(o, "sql", s->sql, err) || !folder_option(o, "views", s->views, err)) return false;
  if (options_text(o, "ui"))
    snprintf(s->ui, sizeof s->ui, "%s", options_text(o, "ui"));
  else
    paths_folder("ui", s->ui, sizeof s->ui);
  if (options_text(o, "live-db"))
    snprintf(s->live_db, sizeof s->live_db, "%s", options_text(o, "live-db"));
  else
    paths_live_db(port, s->live_db, sizeof s->live_db);
  if (snprintf(s->listen, sizeof s->listen, "%s:%d", options_text(o, "listen"), port) < (int)sizeof s->listen) return true;
  return error_set(err, ERR_INVALID, "the address to listen on is too long");
}

static bool open_engine(server *s, const options *o, error *err) {
  engine_options e = engine_defaults();
  int properties = 0;
  e.sql_dir = s->sql;
  e.views_dir = s->views;
  e.live_db = s->live_db;
  e.fresh = options_flag(o, "fresh");
  e.strict = options_flag(o, "strict");
  e.brokers = options_text(o, "kafka");
  e.kafka_properties = options_list(o, "kafka-config", &properties);
  e.kafka_property_count = (size_t)properties;
  e.turn_records = options_integer(o, "turn-records");
  e.turn_bytes = options_integer(o, "turn-bytes");
  e.turn_ms = (int)options_integer(o, "turn-ms");
  e.instances = options_integer(o, "instances");
  e.instance_rows = options_integer(o, "instance-rows");
  e.instance_grace_ms = (int)options_integer(o, "instance-grace-ms");
  e.rerun_percent = (int)options_integer(o, "rerun-percent");
  e.reload_ms = (int)options_integer(o, "reload-ms");
  e.audit_ms = (int)options_integer(o, "audit-ms");
  e.cache_bytes = options_integer(o, "cache-bytes");
  s->engine = engine_open(&e, err);
  return s->engine != NULL;
}

static void put_publisher_metrics(void *ctx, buffer *out) { publisher_metrics(ctx, out); }

static bool start_delivery(server *s, const options *o, error *err) {
  delivery_limits limits = delivery_limits_default();
  limits.clients = (int)options_integer(o, "clients");
  limits.subscriptions = (int)options_integer(o, "subscriptions");
  limits.default_conflate_ms = (int)options_integer(o, "conflate-ms");
  limits.stall_ms = (int)options_integer(o, "stall-ms");
  limits.pending_bytes = (size_t)options_integer(o, "pending-bytes");
  limits.resume_bytes = (size_t)options_integer(o, "resume-bytes");
  limits.resume_ms = (int)options_integer(o, "resume-ms");
  if (!(s->publisher = publisher_new(engine_service(s->engine), &limits, err))) return false;
  s->streams = streams_start(publisher_delivery(s->publisher), put_publisher_metrics, s->publisher, err);
  return s->streams != NULL;
}

static bool start_transport(server *s, const options *o, error *err) {
  transport_options t = transport_defaults();
  int count;
  t.listen = s->listen;
  t.ui_dir = s->ui[0] ? s->ui : NULL;
  t.origins = options_list(o, "origin", &count);
  t.hosts = options_list(o, "host", &count);
  t.streams = streams_server(s->streams);
  t.sql_enabled = !options_flag(o, "no-sql");
  t.workers = (int)options_integer(o, "workers");
  s->transport = transport_start(engine_service(s->engine), &t, err);
  return s->transport != NULL;
}

static void stop(server *s) {
  transport_stop(s->transport);
  streams_stop(s->streams);
  if (s->engine) engine_stop(s->engine);
  if (s->publisher) publisher_free(s->publisher);
  engine_free(s->engine);
}

static bool start(server *s, const options *o, error *err) {
  if (!configure_log(o, err) || !find_places(s, o, err) || !open_engine(s, o, err) || !start_delivery(s, o, err)) return false;
  if (!engine_start(s->engine, err) || !start_transport(s, o, err)) return false;
  log_info("viewserver %s: http://%s:%d/ is the page, /api/v1 REST, /ws the live protocol", VS_VERSION, options_text(o, "listen"), transport_port(s->transport));
  log_info("live_database=%s: sqlite3 -readonly opens it; tables of %s, views of %s", engine_service(s->engine)->live_database(engine_service(s->engine)->ctx),
           s->sql, s->views);
  if (!options_text(o, "kafka")) log_info("no --kafka: records come over REST only");
  return true;
}

/* Blocks the signals that end the server, so that every thread made from here on leaves them to wait_for_end. */
static void block_signals(sigset_t *ending) {
  sigemptyset(ending);
  sigaddset(ending, SIGINT);
  sigaddset(ending, SIGTERM);
  sigaddset(ending, SIGHUP);
  pthread_sigmask(SIG_BLOCK, ending, NULL);
  signal(SIGPIPE, SIG_IGN);
}

static void wait_for_end(const sigset_t *ending) {
  int which = 0;
  while (sigwait(ending, &which)) continue;
  log_info("%s: draining; a second one ends at once", which == SIGINT ? "SIGINT" : which == SIGTERM ? "SIGTERM" : "SIGHUP");
  pthread_sigmask(SIG_UNBLOCK, ending, NULL);
}

static int serve(const options *o) {
  error err = {0};
  server *s = calloc(1, sizeof *s);
  if (!s) {
    error_nomem(&err);
    return command_failed("serve", &err);
  }
  sigset_t ending;
  block_signals(&ending);
  bool started = start(s, o, &err);
  if (started) wait_for_end(&ending);
  stop(s);
  free(s);
  if (!started) return command_failed("serve", &err);
  log_info("done");
  return EXIT_DONE;
}

int command_serve(int argc, char **argv) {
  error err = {0};
  options *o = options_read(specs, SPECS, argc, argv, &err);
  if (o && !options_flag(o, "help") && options_words(o)) {
    error_set(&err, ERR_INVALID, "serve takes options only, not '%s'", options_word(o, 0));
    options_free(o);
    o = NULL;
  }
  if (!o) return command_failed("serve", &err);
  int status = EXIT_DONE;
  if (options_flag(o, "help"))
    help(stdout);
  else
    status = serve(o);
  options_free(o);
  return status;
}
