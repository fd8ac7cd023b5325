/* A service without an engine for tests of delivery: a real SQLite file, and a few views that are plain SQL.
**
**   holding(account, sector, qty), price(instrument_id, date, price): tables; price takes ingest
**   position   parameters accounts (a set) and group_by (account, sector)
**   empty      no rows          series    `rows` rows of (n, label)          endless   never finishes
** Every ingest is a version. Thread: any, as the contract demands.
*/
#ifndef SUPPORT_FAKE_SERVICE_H
#define SUPPORT_FAKE_SERVICE_H

#include "model/service.h"

typedef struct fake_service {
  service svc;
  char folder[64], path[96];
  sqlite3 *writer;
  bool is_ready;
  bool busy;   /* view_put and ingest answer ERR_BUSY */
  int series_rows;
  char last_ingest[200];
  char view_text[400]; /* what view_put stored */
} fake_service;

void fake_service_start(fake_service *f); /* aborts where the file system does not serve */
void fake_service_stop(fake_service *f);

#endif
