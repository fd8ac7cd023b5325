/* What exists: instruments, accounts, ETFs with their constituents, benchmarks. Drawn from the seed, then read-only.
**
** Instruments are addressed by index here and by instrumentId (index + FIRST_INSTRUMENT_ID) on the wire. Their order:
** currencies, equities, ETFs, funds, bonds. Weights are integers in WEIGHT_UNITS, so that they sum to 1 exactly.
** Ownership: universe_free ends all of it. Thread: any, once built.
*/
#ifndef MOCKGEN_UNIVERSE_H
#define MOCKGEN_UNIVERSE_H

#include "base/error.h"
#include "mockgen/settings.h"

enum { CURRENCIES = 7, FIRST_INSTRUMENT_ID = 1001, WEIGHT_UNITS = 100000000, BENCHMARKS = 3, SUB_SECTORS_MAX = 2 };

typedef enum instrument_type { EQUITY, BOND, FUND, ETF, CURRENCY } instrument_type;

typedef struct instrument_def {
  instrument_type type;
  int currency; /* index into universe_currencies */
  char symbol[16], name[72], sector[32], country_of_risk[3], country_of_domicile[3];
  char sub_sectors[SUB_SECTORS_MAX][64]; /* "" = none */
  int face_value;                        /* bonds; 0 = absent */
  double first_price, volatility, drift; /* the latter two per year */
} instrument_def;

typedef struct account_def {
  char id[16], name[72], pid[16];
  int currency;
} account_def;

typedef struct weight {
  int32_t instrument; /* index */
  int32_t units;      /* of WEIGHT_UNITS */
} weight;

typedef struct basket {
  char id[24];      /* benchmarks */
  int32_t etf;      /* ETFs: index of the instrument; benchmarks: -1 */
  int32_t first, count; /* in universe.weights */
} basket;

typedef struct currency_def {
  const char *code, *name, *country;
  double rate_to_usd, volatility;
} currency_def;

extern const currency_def universe_currencies[CURRENCIES];

typedef struct universe {
  instrument_def *instruments;
  int32_t instrument_count, equity_first, equity_count, etf_first, etf_count;
  account_def *accounts;
  int32_t account_count;
  basket *etfs; /* etf_count */
  basket benchmarks[BENCHMARKS];
  weight *weights;
  int32_t weight_count;
} universe;

/* `csv`: the constituents as text (symbol,name,sector,sub_industry[,country]); every line becomes an equity where `only_real` is
** set (a replay), together with currencies and ETFs; else as many of them as the wanted number has room for, then invented ones. */
bool universe_build(const settings *asked, const char *csv, bool only_real, universe *out, error *err) MUST_USE;
void universe_free(universe *u);
/* The equity with that symbol, or -1. */
int32_t universe_find(const universe *u, const char *symbol);

const char *instrument_type_name(instrument_type type);

#endif
