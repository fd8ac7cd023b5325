#include "mockgen/settings.h"

#include <stdio.h>
#include <string.h>

static const double INTERVAL_LEAST_S = 0.001, SPEED_LEAST = 0.0001;

static const option_spec specs[] = {
  {.name = "#Where to"},
  {.name = "to", .kind = OPTION_TEXT, .value = "BROKERS|-", .help = "Kafka's bootstrap addresses; '-': lines topic<TAB>key<TAB>value on stdout"},
  {.name = "kafka-config", .kind = OPTION_LIST, .value = "NAME=VALUE", .help = "any librdkafka property; may be repeated"},
  {.name = "config", .kind = OPTION_TEXT, .value = "FILE", .help = "a file of lines 'option = value'"},
  {.name = "control-port", .kind = OPTION_INTEGER, .value = "PORT", .fallback = "0", .least = 0, .most = 65535,
   .help = "REST on 127.0.0.1: GET /status, POST /static /sod /start /stop /rate; 0: none"},
  {.name = "quiet", .kind = OPTION_FLAG, .help = "no progress on stderr"},
  {.name = "#What there is"},
  {.name = "seed", .kind = OPTION_INTEGER, .value = "N", .fallback = "1", .least = 0, .most = INT64_MAX, .help = "the same seed gives the same stream"},
  {.name = "accounts", .kind = OPTION_INTEGER, .value = "N", .fallback = "100", .least = 1, .most = 1000000, .help = "accounts ACC001, ACC002, …"},
  {.name = "instruments", .kind = OPTION_INTEGER, .value = "N", .fallback = "544", .least = 20, .most = 1000000,
   .help = "S&P 500 constituents, ETFs, funds, bonds, seven currencies"},
  {.name = "holdings-per-account", .kind = OPTION_INTEGER, .value = "N", .fallback = "500", .least = 1, .most = 1000000,
   .help = "start-of-day holdings, at most the instruments"},
  {.name = "pids", .kind = OPTION_INTEGER, .value = "N", .fallback = "8", .least = 1, .most = 10000, .help = "portfolios that the accounts belong to"},
  {.name = "orders", .kind = OPTION_INTEGER, .value = "N", .fallback = "2000", .least = 0, .most = 1000000000, .help = "orders that a day begins with"},
  {.name = "#What moves"},
  {.name = "price-interval", .kind = OPTION_REAL, .value = "SECONDS", .fallback = "5", .least = 0, .most = 86400, .help = "each price moves once in that time"},
  {.name = "order-rate", .kind = OPTION_REAL, .value = "N", .fallback = "10", .least = 0, .most = 1000000,
   .help = "order events a second: new, filled in part, filled, cancelled"},
  {.name = "cash-rate", .kind = OPTION_REAL, .value = "N", .fallback = "0.5", .least = 0, .most = 1000000, .help = "cash movements a second"},
  {.name = "tick-rate", .kind = OPTION_REAL, .value = "N", .fallback = "50", .least = 0, .most = 1000000, .help = "trades a second in stock_ticks"},
  {.name = "volatility", .kind = OPTION_REAL, .value = "FACTOR", .fallback = "1", .least = 0, .most = 1000, .help = "on each instrument's own volatility"},
  {.name = "market-hours", .kind = OPTION_TEXT, .value = "on|off", .fallback = "on", .help = "prices, ticks and orders rest outside the New York session"},
  {.name = "#Time"},
  {.name = "day-length", .kind = OPTION_REAL, .value = "SECONDS", .fallback = "0", .least = 0, .most = 10000000, .help = "the date rolls so often; 0: at midnight UTC"},
  {.name = "history", .kind = OPTION_TEXT, .value = "keep|drop", .fallback = "drop", .help = "what a date that is over leaves: its records, or tombstones"},
  {.name = "start", .kind = OPTION_TEXT, .value = "TIME", .help = "for example 2026-01-05T14:30:00Z (the default on '-'); else now; a replay's first day"},
  {.name = "for", .kind = OPTION_REAL, .value = "SECONDS", .fallback = "-1", .least = -1, .most = 1000000000,
   .help = "stop after so much of the stream's time; 0: the first day's state only; -1: never"},
  {.name = "pace", .kind = OPTION_TEXT, .value = "on|off", .fallback = "on", .help = "keep to the clock, or write as fast as it goes (always on '-')"},
  {.name = "#Real bars"},
  {.name = "replay", .kind = OPTION_TEXT, .value = "DIR", .help = "DIR/instruments.csv and DIR/daily_2019_2020.csv.gz instead of random walks"},
  {.name = "speed", .kind = OPTION_REAL, .value = "DAYS", .fallback = "0.2", .least = 0, .most = 1000, .help = "days of the replay per second"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

void settings_help(void) {
  printf("mockgen %s: portfolios, orders and a market that moves, into Kafka\n\nusage: mockgen --to BROKERS|- [options]\n", VS_VERSION);
  options_help(specs, SPECS, stdout);
  printf("\nEach option can stand in the environment: --price-interval is MOCKGEN_PRICE_INTERVAL. On '-' a tombstone's value is the\n"
         "word null, and the same options give the same bytes. A replay takes its prices and ticks from the bars: each day's\n"
         "closes are that day's prices, a symbol without a bar has none that day, and each bar becomes four ticks (open, the two\n"
         "extremes, close; a quarter of the volume each, the rest on the close). Exit status: 0 done or stopped, 1 failed, 2 usage.\n");
}

static bool read_choice(const options *o, const char *name, const char *yes, const char *no, bool *out, error *err) {
  const char *text = options_text(o, name);
  *out = strcmp(text, yes) == 0;
  return *out || strcmp(text, no) == 0 || error_set(err, ERR_INVALID, "%s takes %s or %s, not '%.80s'", name, yes, no, text);
}

static bool check(const settings *s, error *err) {
  if (!s->to) {
    error_set(err, ERR_INVALID, "where to write is not said");
    return error_hint(err, "--to 127.0.0.1:9092 for Kafka, --to - for lines on stdout");
  }
  for (const char *const *k = s->kafka; *k; k++)
    if (!strchr(*k, '=')) return error_set(err, ERR_INVALID, "kafka-config takes NAME=VALUE, not '%.80s'", *k);
  if (s->price_interval_s < INTERVAL_LEAST_S) return error_set(err, ERR_INVALID, "price-interval takes at least %g s", INTERVAL_LEAST_S);
  return s->speed >= SPEED_LEAST || error_set(err, ERR_INVALID, "speed takes at least %g days a second", SPEED_LEAST);
}

bool settings_read(int argc, char **argv, options **from, settings *out, error *err) {
  options *o = *from = options_read_as("MOCKGEN_", specs, SPECS, argc, argv, err);
  if (!o) return false;
  if (options_words(o)) return error_set(err, ERR_INVALID, "'%.80s' is no option; mockgen takes nothing else", options_word(o, 0));
  int count;
  *out = (settings){
    .seed = (uint64_t)options_integer(o, "seed"), .accounts = options_integer(o, "accounts"), .instruments = options_integer(o, "instruments"),
    .holdings_per_account = options_integer(o, "holdings-per-account"), .pids = options_integer(o, "pids"), .orders = options_integer(o, "orders"),
    .price_interval_s = options_real(o, "price-interval"), .order_rate = options_real(o, "order-rate"), .cash_rate = options_real(o, "cash-rate"),
    .tick_rate = options_real(o, "tick-rate"), .volatility = options_real(o, "volatility"), .day_length_s = options_real(o, "day-length"),
    .start = options_text(o, "start"), .run_s = options_real(o, "for"), .to = options_text(o, "to"), .kafka = options_list(o, "kafka-config", &count),
    .control_port = options_integer(o, "control-port"), .replay = options_text(o, "replay"), .speed = options_real(o, "speed"),
    .quiet = options_flag(o, "quiet"),
  };
  if (!read_choice(o, "market-hours", "on", "off", &out->market_hours, err) || !read_choice(o, "history", "keep", "drop", &out->keep_history, err) ||
      !read_choice(o, "pace", "on", "off", &out->paced, err) || !check(out, err))
    return false;
  if (strcmp(out->to, "-") == 0) out->paced = false;
  if (out->holdings_per_account > out->instruments) out->holdings_per_account = out->instruments;
  return true;
}
