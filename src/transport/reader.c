#include "transport/reader.h"

#include "transport/http_server.h"

#include <stdio.h>

static bool reader_open(reader *r, const http_server *server, error *err) {
  if (r->db) return true;
  r->db = server->svc->reader_open(server->svc->ctx, err);
  if (!r->db) return false;
  r->guard = sql_guard_new(r->db, &server->stopping, err);
  if (r->guard) return true;
  reader_close(r);
  return false;
}

void reader_close(reader *r) {
  sqlite3_close_v2(r->db);
  sql_guard_free(r->guard);
  r->db = NULL;
  r->guard = NULL;
}

/* The first SELECT is what takes the snapshot; BEGIN alone does not. */
static bool read_meta(snapshot *s, error *err) {
  static const char sql[] = "SELECT (SELECT value FROM vs_meta WHERE key = 'version'), (SELECT value FROM vs_meta WHERE key = 'epoch')";
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) != SQLITE_OK) return sql_guard_error(s->guard, err);
  bool ok = sqlite3_step(stmt) == SQLITE_ROW;
  if (ok) {
    const unsigned char *epoch = sqlite3_column_text(stmt, 1);
    s->version = (uint64_t)sqlite3_column_int64(stmt, 0);
    snprintf(s->epoch, sizeof s->epoch, "%s", epoch ? (const char *)epoch : "0");
  } else {
    sql_guard_error(s->guard, err);
  }
  sqlite3_finalize(stmt);
  return ok;
}

bool snapshot_begin(snapshot *s, exchange *x, int time_ms, error *err) {
  http_server *server = x->server;
  reader *r = &server->readers[x->thread];
  if (!reader_open(r, server, err)) return false;
  *s = (snapshot){.reader = r, .db = r->db, .guard = r->guard};
  sql_guard_start(s->guard, time_ms);
  if (sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) sql_guard_error(s->guard, err);
  else if (read_meta(s, err)) return true;
  snapshot_end(s);
  reader_close(r); /* opened anew by the next request: the file may have been replaced */
  return false;
}

void snapshot_end(snapshot *s) {
  if (sqlite3_get_autocommit(s->db)) return;
  /* Cannot fail for a reader without statements, unless its time is up: that must not keep the snapshot. */
  sql_guard_start(s->guard, 1000);
  if (sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK) reader_close(s->reader);
}
