#include "mockgen/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENV_NAME_MAX = 64, ARGUMENT_COLUMNS = 34 };

typedef enum option_kind { KIND_COUNT, KIND_REAL, KIND_TEXT, KIND_ON_OFF, KIND_KEEP_DROP, KIND_SETTING, KIND_FLAG } option_kind;

typedef struct option {
  const char *name, *argument, *fallback;
  option_kind kind;
  size_t at;
  double least, most;
  const char *help;
} option;

#define AT(field) offsetof(options, field)

static const option table[] = {
  {"seed", "N", "1", KIND_COUNT, AT(seed), 0, 9e15, "the same seed gives the same stream"},
  {"accounts", "N", "100", KIND_COUNT, AT(accounts), 1, 1000000, "accounts ACC001, ACC002, …"},
  {"instruments", "N", "544", KIND_COUNT, AT(instruments), 20, 1000000, "S&P 500 constituents, ETFs, funds, bonds, seven currencies"},
  {"holdings-per-account", "N", "500", KIND_COUNT, AT(holdings_per_account), 1, 1000000, "start-of-day holdings, at most the instruments"},
  {"pids", "N", "8", KIND_COUNT, AT(pids), 1, 10000, "portfolios that the accounts belong to"},
  {"orders", "N", "2000", KIND_COUNT, AT(orders), 0, 1e9, "orders that a day begins with"},
  {"price-interval", "SECONDS", "5", KIND_REAL, AT(price_interval_s), 0.001, 86400, "each price moves once in that time"},
  {"order-rate", "N", "10", KIND_REAL, AT(order_rate), 0, 1e6, "order events a second: new, filled in part, filled, cancelled"},
  {"cash-rate", "N", "0.5", KIND_REAL, AT(cash_rate), 0, 1e6, "cash movements a second"},
  {"tick-rate", "N", "50", KIND_REAL, AT(tick_rate), 0, 1e6, "trades a second in stock_ticks"},
  {"volatility", "FACTOR", "1", KIND_REAL, AT(volatility), 0, 1000, "on each instrument's own volatility"},
  {"market-hours", "on|off", "on", KIND_ON_OFF, AT(market_hours), 0, 0, "prices, ticks and orders rest outside the New York session"},
  {"day-length", "SECONDS", "0", KIND_REAL, AT(day_length_s), 0, 1e7, "the date rolls so often; 0: at midnight UTC"},
  {"history", "keep|drop", "drop", KIND_KEEP_DROP, AT(keep_history), 0, 0, "what a date that is over leaves: its records, or tombstones"},
  {"start", "TIME", "", KIND_TEXT, AT(start), 0, 0, "2026-01-05T14:30:00Z (the default on '-'); else now"},
  {"for", "SECONDS", "-1", KIND_REAL, AT(run_s), -1, 1e9, "stop after so much of the stream's time; 0: the first day's state only"},
  {"pace", "on|off", "", KIND_ON_OFF, AT(paced), 0, 0, "keep to the clock (default), or write as fast as it goes (always on '-')"},
  {"to", "BROKERS|-", "", KIND_TEXT, AT(to), 0, 0, "Kafka's bootstrap addresses, or '-': lines topic<TAB>key<TAB>value on stdout"},
  {"kafka-config", "NAME=VALUE", "", KIND_SETTING, AT(kafka_settings), 0, 0, "any librdkafka property; may be repeated"},
  {"control-port", "PORT", "0", KIND_COUNT, AT(control_port), 0, 65535, "REST on 127.0.0.1: /status /static /sod /start /stop /rate"},
  {"replay", "DIR", "", KIND_TEXT, AT(replay), 0, 0, "real bars: DIR/instruments.csv and DIR/daily_2019_2020.csv.gz"},
  {"speed", "DAYS", "0.2", KIND_REAL, AT(speed), 0.0001, 1000, "days of the replay per second"},
  {"quiet", NULL, "", KIND_FLAG, AT(quiet), 0, 0, "no progress on stderr"},
};
enum { OPTIONS = sizeof table / sizeof table[0] };

void options_help(void) {
  printf("mockgen %s: portfolios, orders and a market that moves, into Kafka\n\nusage: mockgen --to BROKERS|- [options]\n\n", VS_VERSION);
  for (int i = 0; i < OPTIONS; i++) {
    char left[80];
    snprintf(left, sizeof left, "--%s %s", table[i].name, table[i].argument ? table[i].argument : "");
    printf("  %-*s %s", ARGUMENT_COLUMNS, left, table[i].help);
    if (table[i].fallback[0] && strcmp(table[i].fallback, "-1") != 0) printf(" [%s]", table[i].fallback);
    putchar('\n');
  }
  printf("\nEach option can stand in the environment: --price-interval is MOCKGEN_PRICE_INTERVAL. On '-' a tombstone's value is the\n"
         "word null, and the same options give the same bytes. A replay takes its prices and ticks from the bars: each day's\n"
         "closes are that day's prices, a symbol without a bar has none that day, and each bar becomes four ticks (open, the two\n"
         "extremes, close; a quarter of the volume each, the rest on the close). Exit status: 0 done or stopped, 1 failed, 2 usage.\n");
}

static bool wrong_value(const option *o, const char *text, error *err) {
  error_set(err, ERR_INVALID, "--%s %s: it takes %s", o->name, text, o->argument ? o->argument : "no value");
  if (o->kind == KIND_COUNT || o->kind == KIND_REAL) return error_hint(err, "from %.10g to %.10g", o->least, o->most);
  return error_hint(err, "mockgen --help lists the options");
}

static bool set_number(const option *o, const char *text, void *field, error *err) {
  char *end;
  errno = 0;
  double value = strtod(text, &end);
  if (end == text || *end || errno || !(value >= o->least && value <= o->most)) return wrong_value(o, text, err);
  if (o->kind == KIND_REAL)
    *(double *)field = value;
  else if (value == (double)(int64_t)value)
    *(int64_t *)field = (int64_t)value;
  else
    return wrong_value(o, text, err);
  return true;
}

static bool set_word(const option *o, const char *text, const char *yes, const char *no, bool *field, error *err) {
  if (strcmp(text, yes) != 0 && strcmp(text, no) != 0) return wrong_value(o, text, err);
  *field = strcmp(text, yes) == 0;
  return true;
}

static bool add_setting(const option *o, const char *text, options *out, error *err) {
  if (!strchr(text, '=')) return wrong_value(o, text, err);
  if (out->kafka_setting_count == KAFKA_SETTINGS_MAX)
    return error_set(err, ERR_LIMIT, "--kafka-config: at most %d properties", KAFKA_SETTINGS_MAX);
  out->kafka_settings[out->kafka_setting_count++] = text;
  return true;
}

static bool set_option(const option *o, const char *text, options *out, error *err) {
  void *field = (char *)out + o->at;
  switch (o->kind) {
    case KIND_COUNT:
    case KIND_REAL: return set_number(o, text, field, err);
    case KIND_TEXT: *(const char **)field = text; return true;
    case KIND_ON_OFF: return set_word(o, text, "on", "off", field, err);
    case KIND_KEEP_DROP: return set_word(o, text, "keep", "drop", field, err);
    case KIND_SETTING: return add_setting(o, text, out, err);
    case KIND_FLAG: return set_word(o, text, "on", "off", field, err);
  }
  return false;
}

/* The environment and the defaults; flags come later and win. */
static bool set_from_environment(options *out, error *err) {
  for (int i = 0; i < OPTIONS; i++) {
    char name[ENV_NAME_MAX] = "MOCKGEN_";
    size_t n = strlen(name);
    for (const char *c = table[i].name; *c && n + 1 < sizeof name; c++) name[n++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    name[n] = '\0';
    const char *value = getenv(name);
    if (!value || !*value) value = table[i].fallback;
    if (*value && !set_option(&table[i], value, out, err)) return false;
  }
  return true;
}

static const option *find_option(const char *name, size_t n) {
  for (int i = 0; i < OPTIONS; i++)
    if (strlen(table[i].name) == n && strncmp(table[i].name, name, n) == 0) return &table[i];
  return NULL;
}

/* Takes argv[*at] (--name value, or --name=value) and moves *at behind it. */
static bool take_flag(int argc, char **argv, int *at, options *out, error *err) {
  const char *text = argv[(*at)++];
  const char *name = strncmp(text, "--", 2) == 0 ? text + 2 : "";
  const char *equals = strchr(name, '=');
  const option *o = find_option(name, equals ? (size_t)(equals - name) : strlen(name));
  if (!o) {
    error_set(err, ERR_INVALID, "there is no option '%s'", text);
    return error_hint(err, "mockgen --help lists them");
  }
  if (equals) return set_option(o, equals + 1, out, err);
  if (o->kind == KIND_FLAG) return set_option(o, "on", out, err);
  if (*at == argc) return error_set(err, ERR_INVALID, "--%s needs a value: %s", o->name, o->argument);
  return set_option(o, argv[(*at)++], out, err);
}

static bool check_together(options *out, error *err) {
  if (!out->to) {
    error_set(err, ERR_INVALID, "where to write is not said");
    return error_hint(err, "--to 127.0.0.1:9092 for Kafka, --to - for lines on stdout");
  }
  if (strcmp(out->to, "-") == 0) out->paced = false;
  if (out->holdings_per_account > out->instruments) out->holdings_per_account = out->instruments;
  return true;
}

options_outcome options_parse(int argc, char **argv, options *out, error *err) {
  *out = (options){.paced = true};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return OPTIONS_HELP;
    if (strcmp(argv[i], "--version") == 0) return OPTIONS_VERSION;
  }
  if (!set_from_environment(out, err)) return OPTIONS_WRONG;
  for (int at = 1; at < argc;)
    if (!take_flag(argc, argv, &at, out, err)) return OPTIONS_WRONG;
  return check_together(out, err) ? OPTIONS_RUN : OPTIONS_WRONG;
}
