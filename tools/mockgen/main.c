/* mockgen: the demo's portfolios, orders and market, and real bars, into Kafka or onto stdout. */
#include "base/log.h"
#include "mockgen/bars.h"
#include "mockgen/live.h"
#include "mockgen/replay.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, FLUSH_MS = 60000, FLUSH_STOPPED_MS = 5000, FORMATTED_BYTES = 1600 };

extern const char mockgen_instruments_csv[]; /* data/instruments.csv, compiled in */

static atomic_bool stop;

static void on_signal(int number) { atomic_store(&stop, true); }

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static int complain(const error *err, int status) {
  char text[FORMATTED_BYTES];
  fprintf(stderr, "mockgen: %s\n", error_format(err, text, sizeof text));
  return status;
}

static bool build_universe(generator *g, error *err) {
  if (!g->asked->replay) return universe_build(g->asked, mockgen_instruments_csv, false, &g->u, err);
  char *csv = bars_instruments(g->asked->replay, err);
  bool built = csv && universe_build(g->asked, csv, true, &g->u, err);
  free(csv);
  return built;
}

static bool open_generator(generator *g, error *err) {
  if (!build_universe(g, err)) return false;
  g->held = book_new(g->asked, &g->u, err);
  if (!g->held) return false;
  g->market = market_new(g->asked, &g->u, g->asked->replay != NULL, err);
  if (!g->market) return false;
  g->open_orders = malloc(OPEN_ORDERS_MAX * sizeof *g->open_orders);
  if (!g->open_orders) return error_nomem(err);
  g->to = strcmp(g->asked->to, "-") == 0 ? sink_open_text(stdout, err) : sink_open_kafka(g->asked, g->stop, err);
  if (!g->to) return false;
  g->out = (wire){.to = g->to, .u = &g->u};
  if (g->asked->control_port) {
    g->remote = control_open((int)g->asked->control_port, err);
    if (!g->remote) return false;
  }
  return true;
}

static void close_generator(generator *g) {
  control_close(g->remote);
  wire_free(&g->out);
  if (g->to) g->to->close(g->to);
  free(g->open_orders);
  market_free(g->market);
  book_free(g->held);
  universe_free(&g->u);
}

static bool run(generator *g, error *err) {
  if (!open_generator(g, err)) return false;
  bool done = (g->asked->replay ? replay_run : live_run)(g, err);
  if (!done && !(atomic_load(&stop) && err->code == ERR_BUSY)) return false;
  if (!g->to->flush(g->to, atomic_load(&stop) ? FLUSH_STOPPED_MS : FLUSH_MS, err)) return false;
  progress_say(&g->said, 0, "%s: %" PRIu64 " records", atomic_load(&stop) ? "stopped" : "done", g->to->stats.delivered);
  return true;
}

static bool is_asked(int argc, char **argv, const char *word) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], word) == 0) return true;
  return false;
}

int main(int argc, char **argv) {
  if (is_asked(argc, argv, "--help") || is_asked(argc, argv, "-h")) {
    settings_help();
    return EXIT_DONE;
  }
  if (is_asked(argc, argv, "--version")) {
    printf("mockgen %s\n", VS_VERSION);
    return EXIT_DONE;
  }
  settings asked;
  options *from;
  error err = {0};
  int status = EXIT_USAGE;
  if (settings_read(argc, argv, &from, &asked, &err)) {
    catch_signals();
    generator g = {.asked = &asked, .stop = &stop, .random = rng_at(asked.seed, RNG_FLOW, 0), .price_interval_s = asked.price_interval_s, .next_order = 1};
    progress_init(&g.said, asked.quiet);
    status = run(&g, &err) ? EXIT_DONE : EXIT_FAILED;
    close_generator(&g);
  }
  options_free(from);
  return status == EXIT_DONE ? EXIT_DONE : complain(&err, status);
}
