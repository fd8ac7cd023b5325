#include "mockgen/market.h"

#include "mockgen/rng.h"
#include "mockgen/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A year of trading: 252 sessions of six and a half hours. */
static const double YEAR_S = 252 * 6.5 * 3600;
/* A price stays between these, so that a long walk neither vanishes nor leaves the range of the scaled integers. */
static const double PRICE_LEAST = 0.01, PRICE_MOST = 1e9;
static const double TRADE_SPREAD = 0.0002;

struct market {
  const universe *u;
  double volatility;
  rng random;
  double *price, *base; /* base: a constituent's price when it was first known, what ETFs are measured against */
  bool *has, *had;
  double rate[CURRENCIES];
};

market *market_new(const settings *asked, const universe *u, bool empty, error *err) {
  market *m = calloc(1, sizeof *m);
  size_t n = (size_t)u->instrument_count;
  if (m) {
    *m = (market){.u = u, .volatility = asked->volatility, .random = rng_at(asked->seed, RNG_MARKET, 0)};
    m->price = calloc(n, sizeof *m->price);
    m->base = calloc(n, sizeof *m->base);
    m->has = calloc(n, sizeof *m->has);
    m->had = calloc(n, sizeof *m->had);
  }
  if (!m || !m->price || !m->base || !m->has || !m->had) {
    market_free(m);
    error_nomem(err);
    return NULL;
  }
  for (int32_t i = CURRENCIES; i < u->instrument_count && !empty; i++) {
    m->price[i] = m->base[i] = u->instruments[i].first_price;
    m->has[i] = true;
  }
  for (int c = 0; c < CURRENCIES; c++) m->rate[c] = universe_currencies[c].rate_to_usd;
  return m;
}

void market_free(market *m) {
  if (!m) return;
  free(m->price);
  free(m->base);
  free(m->has);
  free(m->had);
  free(m);
}

static double between(double x, double least, double most) { return x < least ? least : x > most ? most : x; }

bool market_has(const market *m, int32_t instrument) { return m->has[instrument]; }
bool market_had(const market *m, int32_t instrument) { return m->had[instrument]; }
int64_t market_price(const market *m, int32_t instrument) { return llround(m->price[instrument] * PRICE_SCALE); }
int64_t market_rate(const market *m, int c) { return c == 0 ? RATE_SCALE : llround(m->rate[c] * (RATE_SCALE / 100)) * 100; }

int64_t market_trade(market *m, int32_t instrument) {
  double price = between(m->price[instrument] * (1 + TRADE_SPREAD * rng_normal(&m->random)), PRICE_LEAST, PRICE_MOST);
  return llround(price * CASH_SCALE) * (PRICE_SCALE / CASH_SCALE); /* trades are in cents */
}

/* The Euler step of a geometric Brownian motion. */
static double walk(market *m, double x, double drift, double volatility, double seconds) {
  double years = seconds / YEAR_S;
  return x * (1 + drift * years + volatility * m->volatility * sqrt(years) * rng_normal(&m->random));
}

/* The ETF's first price, grown as the weighted mean of its constituents; false where one has no price. */
static bool etf_price(const market *m, const basket *etf, double *price) {
  double growth = 0;
  for (int32_t n = 0; n < etf->count; n++) {
    const weight *w = &m->u->weights[etf->first + n];
    if (!m->has[w->instrument]) return false;
    growth += (double)w->units / WEIGHT_UNITS * (m->price[w->instrument] / m->base[w->instrument]);
  }
  *price = between(m->u->instruments[etf->etf].first_price * growth, PRICE_LEAST, PRICE_MOST);
  return true;
}

void market_step(market *m, int32_t instrument, double seconds) {
  const instrument_def *i = &m->u->instruments[instrument];
  if (i->type == ETF)
    etf_price(m, &m->u->etfs[instrument - m->u->etf_first], &m->price[instrument]);
  else
    m->price[instrument] = between(walk(m, m->price[instrument], i->drift, i->volatility, seconds), PRICE_LEAST, PRICE_MOST);
}

void market_step_rate(market *m, int c, double seconds) {
  double first = universe_currencies[c].rate_to_usd;
  m->rate[c] = between(walk(m, m->rate[c], 0, universe_currencies[c].volatility, seconds), first / 2, first * 2);
}

void market_next_day(market *m, bool empty) {
  size_t n = (size_t)m->u->instrument_count;
  memcpy(m->had, m->has, n * sizeof *m->had);
  if (empty) memset(m->has, 0, n * sizeof *m->has);
}

void market_set(market *m, int32_t instrument, int64_t price) {
  m->price[instrument] = (double)price / PRICE_SCALE;
  if (m->base[instrument] == 0) m->base[instrument] = m->price[instrument];
  m->has[instrument] = true;
}

void market_price_etfs(market *m) {
  for (int32_t n = 0; n < m->u->etf_count; n++) {
    const basket *etf = &m->u->etfs[n];
    m->has[etf->etf] = etf_price(m, etf, &m->price[etf->etf]);
  }
}
