#include "mockgen/sink.h"

const char *topic_name(topic t) {
  static const char *const names[TOPICS] = {
    [TOPIC_ACCOUNT] = "base.account", [TOPIC_INSTRUMENT] = "base.instrument", [TOPIC_HOLDING] = "base.sod-holding",
    [TOPIC_PRICE] = "base.price", [TOPIC_CASH] = "base.intraday-cash", [TOPIC_ORDER] = "base.order-events",
    [TOPIC_FX] = "base.fx-rate", [TOPIC_CONSTITUENT] = "base.etf-constituent", [TOPIC_BENCHMARK] = "base.benchmark-weight",
    [TOPIC_TICK] = "stock_ticks",
  };
  return names[t];
}
