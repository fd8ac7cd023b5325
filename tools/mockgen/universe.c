#include "mockgen/universe.h"

#include "mockgen/baskets.h"
#include "mockgen/csv.h"
#include "mockgen/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_LINE_BYTES = 512, CSV_FIELDS = 6, CSV_NEEDED = 4, ETF_SHARE = 18, FUND_SHARE = 16, BOND_SHARE = 8, SECTORS = 11 };

const currency_def universe_currencies[CURRENCIES] = {
  {"USD", "US Dollar", "US", 1, 0},
  {"EUR", "Euro", "EU", 1.09, 0.07},
  {"GBP", "Pound Sterling", "GB", 1.27, 0.08},
  {"JPY", "Japanese Yen", "JP", 0.0067, 0.1},
  {"CHF", "Swiss Franc", "CH", 1.13, 0.07},
  {"CAD", "Canadian Dollar", "CA", 0.73, 0.06},
  {"AUD", "Australian Dollar", "AU", 0.66, 0.09},
};

static const char *const sectors[SECTORS] = {
  "Information Technology", "Financials", "Health Care", "Industrials", "Consumer Discretionary", "Consumer Staples",
  "Energy", "Utilities", "Real Estate", "Materials", "Communication Services",
};

const char *instrument_type_name(instrument_type type) {
  static const char *const names[] = {"EQUITY", "BOND", "FUND", "ETF", "CURRENCY"};
  return names[type];
}

#define COPY(field, text) snprintf(field, sizeof(field), "%s", text)

static void set_country(instrument_def *i, const char *risk, const char *domicile) {
  COPY(i->country_of_risk, risk);
  COPY(i->country_of_domicile, domicile);
}

static void fill_currency(instrument_def *i, int which) {
  const currency_def *c = &universe_currencies[which];
  *i = (instrument_def){.type = CURRENCY, .currency = which};
  COPY(i->symbol, c->code);
  COPY(i->name, c->name);
  COPY(i->sector, "Cash");
  set_country(i, c->country, c->country);
}

/* Many prices of some ten to a hundred, few of several hundred. */
static double draw_equity_price(rng *r) {
  double u = rng_unit(r);
  return 12 + 90 * rng_unit(r) + 400 * u * u * u * u;
}

static void fill_equity_market(instrument_def *i, rng *r) {
  i->first_price = draw_equity_price(r);
  i->volatility = 0.15 + 0.45 * rng_unit(r);
  i->drift = -0.05 + 0.2 * rng_unit(r);
}

static void fill_real_equity(instrument_def *i, char **fields, size_t n, rng *r) {
  *i = (instrument_def){.type = EQUITY};
  COPY(i->symbol, fields[0]);
  COPY(i->name, fields[1]);
  COPY(i->sector, fields[2]);
  COPY(i->sub_sectors[0], fields[3]);
  set_country(i, "US", n == CSV_NEEDED + 1 && strlen(fields[4]) == 2 ? fields[4] : "US");
  fill_equity_market(i, r);
}

/* Beyond the real constituents: listings all over the seven currencies, for sizes that the index does not have. */
static void fill_invented_equity(instrument_def *i, int number, rng *r) {
  static const char *const lines[] = {"Holdings", "Industries", "Partners", "Systems", "Resources", "Brands"};
  int which = (int)rng_below(r, CURRENCIES);
  *i = (instrument_def){.type = EQUITY, .currency = which};
  snprintf(i->symbol, sizeof i->symbol, "Q%05d", number);
  snprintf(i->name, sizeof i->name, "Listed %s %d", lines[rng_below(r, 6)], number);
  COPY(i->sector, sectors[rng_below(r, SECTORS)]);
  snprintf(i->sub_sectors[0], sizeof i->sub_sectors[0], "Diversified %s", i->sector);
  set_country(i, universe_currencies[which].country, universe_currencies[which].country);
  fill_equity_market(i, r);
}

/* The first eleven follow one sector each, the next ones the whole market. */
static void fill_etf(instrument_def *i, int number, rng *r) {
  *i = (instrument_def){.type = ETF};
  bool broad = number > SECTORS;
  const char *what = broad ? "Broad Market" : sectors[number - 1];
  snprintf(i->symbol, sizeof i->symbol, "ETF%03d", number);
  snprintf(i->name, sizeof i->name, "Select %s ETF %d", what, number);
  COPY(i->sector, broad ? "Multi-Sector" : what);
  COPY(i->sub_sectors[0], broad ? "Index Funds" : "Sector Funds");
  set_country(i, "US", number % 3 ? "US" : "IE");
  i->first_price = 20 + 300 * rng_unit(r);
}

static void fill_fund(instrument_def *i, int number, rng *r) {
  static const char *const regions[] = {"Global", "European", "Pacific", "Emerging", "Nordic", "Alpine"};
  static const char *const styles[] = {"Equity", "Balanced", "Income", "Opportunities", "Dividend"};
  static const char *const homes[] = {"LU", "IE", "GB", "US"};
  int which = (int)rng_below(r, CURRENCIES);
  *i = (instrument_def){.type = FUND, .currency = which, .volatility = 0.06 + 0.14 * rng_unit(r), .drift = 0.1 * rng_unit(r)};
  snprintf(i->symbol, sizeof i->symbol, "FND%03d", number);
  const char *style = styles[rng_below(r, 5)];
  snprintf(i->name, sizeof i->name, "%s %s Fund %d", regions[rng_below(r, 6)], style, number);
  COPY(i->sector, "Funds");
  COPY(i->sub_sectors[0], style);
  COPY(i->sub_sectors[1], "Open-End Funds");
  set_country(i, universe_currencies[which].country, homes[rng_below(r, 4)]);
  i->first_price = 10 + 200 * rng_unit(r);
}

static void fill_bond(instrument_def *i, int number, rng *r) {
  static const char *const governments[CURRENCIES] = {"US Treasury", "Bund", "UK Gilt", "Japan Government", "Swiss Confederation",
                                                      "Canada Government", "Australia Government"};
  int which = (int)rng_below(r, CURRENCIES);
  bool government = rng_below(r, 2);
  *i = (instrument_def){.type = BOND, .currency = which, .volatility = 0.02 + 0.06 * rng_unit(r), .drift = 0.02 * rng_unit(r)};
  i->face_value = number % 10 == 0 ? 0 : government ? 100 : 1000; /* some without one: 100 then */
  int coupon = (int)rng_below(r, 28), year = 2028 + (int)rng_below(r, 20), month = 1 + (int)rng_below(r, 12);
  snprintf(i->symbol, sizeof i->symbol, "BND%04d", number);
  snprintf(i->name, sizeof i->name, "%s %d.%02d%% %d-%02d-15", government ? governments[which] : "Corporate Note", coupon / 4,
           coupon % 4 * 25, year, month);
  COPY(i->sector, government ? "Government" : "Corporate");
  COPY(i->sub_sectors[0], year < 2032 ? "Short Term" : year < 2038 ? "Medium Term" : "Long Term");
  set_country(i, universe_currencies[which].country, universe_currencies[which].country);
  i->first_price = 85 + 25 * rng_unit(r);
}

/* Calls with each line of the text after the header; the line may be written to. Stops when `take` returns false. */
static bool each_line(const char *csv, bool (*take)(void *ctx, char *line), void *ctx) {
  const char *line = strchr(csv, '\n');
  while (line && *++line) {
    char copy[CSV_LINE_BYTES];
    const char *end = strchr(line, '\n');
    size_t n = end ? (size_t)(end - line) : strlen(line);
    if (n >= sizeof copy) n = sizeof copy - 1;
    memcpy(copy, line, n);
    copy[n] = '\0';
    if (n && !take(ctx, copy)) return false;
    line = end;
  }
  return true;
}

typedef struct real_list {
  universe *u;
  uint64_t seed;
  int32_t room;
  error *err;
} real_list;

static bool count_line(void *ctx, char *line) {
  ++*(int32_t *)ctx;
  return true;
}

static bool take_real(void *ctx, char *line) {
  real_list *list = ctx;
  universe *u = list->u;
  if (u->equity_count == list->room) return true;
  char *fields[CSV_FIELDS];
  size_t n = csv_split(line, fields, CSV_FIELDS);
  if (n < CSV_NEEDED || !fields[0][0])
    return error_set(list->err, ERR_INVALID, "instruments: line %d has no symbol,name,sector,sub_industry", u->equity_count + 2);
  rng r = rng_at(list->seed, RNG_INSTRUMENT, (uint64_t)u->instrument_count);
  fill_real_equity(&u->instruments[u->instrument_count++], fields, n, &r);
  u->equity_count++;
  return true;
}

typedef struct composition { int32_t equities, etfs, funds, bonds; } composition;

static composition compose(const settings *asked, int32_t real, bool only_real) {
  if (only_real) return (composition){.equities = real, .etfs = SECTORS + 4};
  int32_t rest = (int32_t)asked->instruments - CURRENCIES;
  composition c = {.etfs = rest / ETF_SHARE, .funds = rest / FUND_SHARE, .bonds = rest / BOND_SHARE};
  if (c.etfs == 0) c.etfs = 1;
  c.equities = rest - c.etfs - c.funds - c.bonds;
  return c;
}

static void fill_more(universe *u, uint64_t seed, int32_t count, void (*fill)(instrument_def *, int number, rng *)) {
  for (int32_t n = 1; n <= count; n++) {
    rng r = rng_at(seed, RNG_INSTRUMENT, (uint64_t)u->instrument_count);
    fill(&u->instruments[u->instrument_count++], n, &r);
  }
}

static bool fill_instruments(const settings *asked, const char *csv, bool only_real, universe *u, error *err) {
  int32_t real = 0;
  each_line(csv, count_line, &real);
  composition c = compose(asked, real, only_real);
  u->instruments = calloc((size_t)(CURRENCIES + c.equities + c.etfs + c.funds + c.bonds), sizeof *u->instruments);
  if (!u->instruments) return error_nomem(err);
  for (int i = 0; i < CURRENCIES; i++) fill_currency(&u->instruments[u->instrument_count++], i);
  u->equity_first = u->instrument_count;
  real_list list = {u, asked->seed, c.equities, err};
  if (!each_line(csv, take_real, &list)) return false;
  fill_more(u, asked->seed, c.equities - u->equity_count, fill_invented_equity);
  u->equity_count = c.equities;
  u->etf_first = u->instrument_count;
  u->etf_count = c.etfs;
  fill_more(u, asked->seed, c.etfs, fill_etf);
  fill_more(u, asked->seed, c.funds, fill_fund);
  fill_more(u, asked->seed, c.bonds, fill_bond);
  return true;
}

static bool fill_accounts(const settings *asked, universe *u, error *err) {
  static const char *const regions[] = {"US", "Global", "European", "Asia Pacific", "Emerging Markets", "North America"};
  static const char *const styles[] = {"Large Cap Growth", "Large Cap Value", "Small Cap Core", "Equity Long/Short", "Market Neutral", "Dividend Income",
                                       "Quality Momentum", "Minimum Volatility", "Sector Rotation", "Multi-Factor", "Concentrated Growth", "Event Driven"};
  u->account_count = (int32_t)asked->accounts;
  u->accounts = calloc((size_t)u->account_count, sizeof *u->accounts);
  if (!u->accounts) return error_nomem(err);
  for (int32_t n = 0; n < u->account_count; n++) {
    account_def *a = &u->accounts[n];
    rng r = rng_at(asked->seed, RNG_ACCOUNT, (uint64_t)n);
    snprintf(a->id, sizeof a->id, "ACC%03d", n + 1);
    const char *region = regions[rng_below(&r, 6)], *style = styles[rng_below(&r, 12)];
    snprintf(a->name, sizeof a->name, "%s %s %d", region, style, n + 1);
    snprintf(a->pid, sizeof a->pid, "PID%02d", 1 + (int)rng_below(&r, (uint32_t)asked->pids));
    a->currency = rng_below(&r, 2) ? 0 : (int)rng_below(&r, CURRENCIES);
  }
  return true;
}

bool universe_build(const settings *asked, const char *csv, bool only_real, universe *out, error *err) {
  *out = (universe){0};
  return fill_instruments(asked, csv, only_real, out, err) && fill_accounts(asked, out, err) && baskets_build(asked->seed, out, err);
}

void universe_free(universe *u) {
  free(u->instruments);
  free(u->accounts);
  free(u->etfs);
  free(u->weights);
  *u = (universe){0};
}

int32_t universe_find(const universe *u, const char *symbol) {
  for (int32_t i = u->equity_first; i < u->equity_first + u->equity_count; i++)
    if (strcmp(u->instruments[i].symbol, symbol) == 0) return i;
  return -1;
}
