#include "catalog/topic_derive.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* One derivation: the scratch database, and where errors are said to be. */
typedef struct derivation {
  topic *t;
  const topic_header *header;
  arena *memory;
  sqlite3 *db;
  int sql_line; /* of the statement that is looked at */
  bool own_questions;    /* the DDL is run, the statements are ours now … */
  bool refuse_functions; /* … but for a DEFAULT */
  error *err;
} derivation;

static bool wrong(derivation *d, int line, const char *hint) {
  if (hint) error_hint(d->err, "%s", hint);
  return error_at(d->err, d->t->file, line, 1);
}

static bool sql_failed(derivation *d) {
  error_set(d->err, ERR_SQL, "%s", sqlite3_errmsg(d->db));
  return error_at(d->err, d->t->file, d->sql_line, 1);
}

/* --- running the DDL --- */

/* A topic's file makes tables and indexes and does nothing else. */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *database, const char *trigger) {
  const derivation *d = ctx;
  if (action == SQLITE_FUNCTION) return d->refuse_functions ? SQLITE_DENY : SQLITE_OK;
  if (d->own_questions) return SQLITE_OK;
  switch (action) {
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_REINDEX:
    case SQLITE_READ:
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: return a && !strncmp(a, "sqlite_", 7) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

static int lines_between(const char *from, const char *to) {
  int lines = 0;
  for (; from < to; from++) lines += *from == '\n';
  return lines;
}

/* Over space and `--` comments, so that a line number is the statement's. */
static const char *skip_blank(const char *p) {
  for (;;) {
    p += strspn(p, " \t\r\n;");
    if (strncmp(p, "--", 2)) return p;
    p += strcspn(p, "\n");
  }
}

static bool run_ddl(derivation *d) {
  const char *sql = d->t->ddl;
  int table_line = 0;
  for (const char *at = skip_blank(sql); *at; at = skip_blank(at)) {
    d->sql_line = 1 + lines_between(sql, at);
    if (!table_line) table_line = d->sql_line;
    sqlite3_stmt *stmt;
    const char *rest;
    int rc = sqlite3_prepare_v2(d->db, at, -1, &stmt, &rest);
    if (rc != SQLITE_OK) {
      int offset = sqlite3_error_offset(d->db);
      if (offset > 0) d->sql_line += lines_between(at, at + offset);
      if (rc != SQLITE_AUTH) return sql_failed(d);
      error_set(d->err, ERR_INVALID, "a topic's file may hold only CREATE TABLE and CREATE INDEX");
      return wrong(d, d->sql_line, "views go to the folder of views; triggers and data have no place here");
    }
    if (stmt && sqlite3_step(stmt) != SQLITE_DONE) {
      bool done = sql_failed(d);
      sqlite3_finalize(stmt);
      return done;
    }
    sqlite3_finalize(stmt);
    at = rest;
  }
  d->sql_line = table_line;
  d->own_questions = true;
  return true;
}

/* --- asking SQLite what was made --- */

/* One statement over the schema; the table's name is parameter 1. NULL on failure. */
static sqlite3_stmt *ask(derivation *d, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL) != SQLITE_OK || sqlite3_bind_text(stmt, 1, d->t->table, -1, SQLITE_STATIC) != SQLITE_OK) {
    sql_failed(d);
    sqlite3_finalize(stmt);
    return NULL;
  }
  return stmt;
}

/* The first column of the first row; -1 on failure. */
static int ask_count(derivation *d, const char *sql) {
  sqlite3_stmt *stmt = ask(d, sql);
  int count = stmt && sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
  sqlite3_finalize(stmt);
  return count;
}

static const char *column_text(derivation *d, sqlite3_stmt *stmt, int column) {
  const char *text = (const char *)sqlite3_column_text(stmt, column);
  return text ? arena_strdup(d->memory, text) : NULL;
}

static bool find_table(derivation *d) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(d->db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'", -1, &stmt, NULL) !=
      SQLITE_OK)
    return sql_failed(d);
  int tables = 0;
  for (; sqlite3_step(stmt) == SQLITE_ROW; tables++)
    if (tables == 0) d->t->table = column_text(d, stmt, 0);
  sqlite3_finalize(stmt);
  if (tables != 1) {
    error_set(d->err, ERR_INVALID, "the file creates %d tables, expected one", tables);
    return wrong(d, d->sql_line ? d->sql_line : 1, "each topic has a file and a table of its own");
  }
  if (!d->t->table) return error_nomem(d->err);
  if (!sqlite3_strnicmp(d->t->table, "vs_", 3) || !sqlite3_stricmp(d->t->table, "clock")) {
    error_set(d->err, ERR_INVALID, "the table may not be named %s", d->t->table);
    return wrong(d, d->sql_line, "names that begin with vs_ and the table clock are the server's own");
  }
  return true;
}

static bool check_table(derivation *d) {
  const char *table = d->t->table;
  if (ask_count(d, "SELECT strict FROM pragma_table_list(?1)") != 1) {
    error_set(d->err, ERR_INVALID, "the table %s is not STRICT", table);
    return wrong(d, d->sql_line, "end the CREATE TABLE with STRICT, so that its types are enforced");
  }
  if (ask_count(d, "SELECT count(*) FROM pragma_foreign_key_list(?1)") != 0) {
    error_set(d->err, ERR_INVALID, "the table %s has a foreign key", table);
    return wrong(d, d->sql_line, "topics arrive in no order relative to each other; join in a view and show what is missing");
  }
  if (ask_count(d, "SELECT count(*) FROM pragma_index_list(?1) WHERE \"unique\" AND origin <> 'pk'") != 0) {
    error_set(d->err, ERR_INVALID, "the table %s has a UNIQUE constraint beside its primary key", table);
    return wrong(d, d->sql_line, "a topic's rows are identified by their key alone; make the index an ordinary one");
  }
  return true;
}

/* --- columns --- */

static bool column_type(derivation *d, topic_column *c, const char *declared) {
  if (!sqlite3_stricmp(declared, "INTEGER") || !sqlite3_stricmp(declared, "INT")) c->type = VALUE_INTEGER;
  else if (!sqlite3_stricmp(declared, "REAL")) c->type = VALUE_REAL;
  else if (!sqlite3_stricmp(declared, "TEXT")) c->type = VALUE_TEXT;
  else {
    error_set(d->err, ERR_INVALID, "column %s has the type %s", c->name, declared);
    return wrong(d, d->sql_line, "JSON fields go into INTEGER, REAL or TEXT");
  }
  return true;
}

static const char *camel_case(derivation *d, const char *name) {
  char *field = arena_strdup(d->memory, name);
  if (!field) return NULL;
  char *out = field;
  for (const char *p = name; *p; p++) {
    bool hump = *p == '_' && p > name && p[1] >= 'a' && p[1] <= 'z';
    *out++ = hump ? (char)(*++p - 'a' + 'A') : *p;
  }
  *out = '\0';
  return field;
}

/* The DEFAULT as a value of the column's type. */
static bool read_default(derivation *d, topic_column *c, const char *expression) {
  static const char *const type_name[] = {[VALUE_INTEGER] = "INTEGER", [VALUE_REAL] = "REAL", [VALUE_TEXT] = "TEXT"};
  const char *sql = arena_printf(d->memory, "SELECT CAST((%s) AS %s)", expression, type_name[c->type]);
  if (!sql) return error_nomem(d->err);
  sqlite3_stmt *stmt = NULL;
  d->refuse_functions = true;
  int rc = strncmp(expression, "CURRENT_", 8) ? sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL) : SQLITE_AUTH;
  d->refuse_functions = false;
  if (rc != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW) {
    sqlite3_finalize(stmt);
    error_set(d->err, ERR_INVALID, "the DEFAULT of column %s is not a constant", c->name);
    return wrong(d, d->sql_line, "write a literal value: the same records must give the same rows at any time");
  }
  value v = value_from_column(stmt, 0);
  if (v.type == VALUE_TEXT) {
    v.text = arena_strndup(d->memory, v.text, v.bytes);
    if (!v.text) v.type = VALUE_BLOB; /* marks the failure below */
  }
  sqlite3_finalize(stmt);
  c->fallback = v;
  return v.type == VALUE_BLOB ? error_nomem(d->err) : true;
}

/* The columns of pragma_table_xinfo: name, type, notnull, dflt_value, pk. */
static bool add_column(derivation *d, sqlite3_stmt *info) {
  topic *t = d->t;
  if (t->columns == TOPIC_MAX_COLUMNS) {
    error_set(d->err, ERR_LIMIT, "the table %s has more than %d columns", t->table, TOPIC_MAX_COLUMNS);
    return wrong(d, d->sql_line, NULL);
  }
  topic_column *c = &t->column[t->columns];
  c->name = column_text(d, info, 0);
  const char *declared = column_text(d, info, 1);
  if (!c->name || !declared || !(c->field = camel_case(d, c->name))) return error_nomem(d->err);
  if (!column_type(d, c, declared)) return false;
  if (topic_field(t, c->field, strlen(c->field)) >= 0) {
    error_set(d->err, ERR_INVALID, "two columns are called %s in camelCase", c->field);
    return wrong(d, d->sql_line, "rename one of them");
  }
  const char *expression = column_text(d, info, 3);
  c->key = sqlite3_column_int(info, 4) > 0;
  c->nullable = !sqlite3_column_int(info, 2) && !c->key;
  t->columns++;
  if (expression && !c->key && !read_default(d, c, expression)) return false;
  c->required = !c->nullable && c->fallback.type == VALUE_NULL;
  return true;
}

/* The INTEGER PRIMARY KEY of an append table is the count of arrivals, no field. */
static bool counts_arrivals(const derivation *d, sqlite3_stmt *info) {
  return d->t->append && sqlite3_column_int(info, 4) > 0 && !sqlite3_stricmp((const char *)sqlite3_column_text(info, 1), "INTEGER");
}

static bool read_columns(derivation *d) {
  d->t->column = arena_zalloc(d->memory, TOPIC_MAX_COLUMNS * sizeof *d->t->column);
  if (!d->t->column) return error_nomem(d->err);
  sqlite3_stmt *info = ask(d, "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid");
  bool done = info != NULL;
  while (done && sqlite3_step(info) == SQLITE_ROW)
    if (!counts_arrivals(d, info)) done = add_column(d, info);
  sqlite3_finalize(info);
  return done;
}

static int column_by_name(const topic *t, const char *name) {
  for (int i = 0; i < t->columns; i++)
    if (!sqlite3_stricmp(t->column[i].name, name)) return i;
  return -1;
}

static bool mark_form(derivation *d, const header_names *names, column_form form, value_type type, const char *hint) {
  for (int i = 0; i < names->count; i++) {
    int column = column_by_name(d->t, names->name[i]);
    if (column >= 0 && d->t->column[column].type == type && d->t->column[column].form == FORM_PLAIN) {
      d->t->column[column].form = form;
      continue;
    }
    error_set(d->err, ERR_INVALID, column < 0 ? "the table %s has no column %s that records fill" : "the table %s cannot have its column %s so marked",
              d->t->table, names->name[i]);
    return wrong(d, names->line, hint);
  }
  return true;
}

/* --- keys --- */

static bool read_primary_key(derivation *d) {
  topic *t = d->t;
  t->key = arena_zalloc(d->memory, TOPIC_MAX_COLUMNS * sizeof *t->key);
  if (!t->key) return error_nomem(d->err);
  sqlite3_stmt *info = ask(d, "SELECT name FROM pragma_table_xinfo(?1) WHERE pk > 0 ORDER BY pk");
  if (!info) return false;
  while (sqlite3_step(info) == SQLITE_ROW) {
    int column = column_by_name(t, (const char *)sqlite3_column_text(info, 0));
    if (column >= 0) t->key[t->keys++] = column;
  }
  sqlite3_finalize(info);
  if (t->append && t->keys) {
    error_set(d->err, ERR_INVALID, "the append table %s has a primary key that records fill", t->table);
    return wrong(d, d->sql_line, "leave it out, or make it one INTEGER PRIMARY KEY, which then counts the arrivals");
  }
  if (!t->append && !t->keys) {
    error_set(d->err, ERR_INVALID, "the table %s has no primary key", t->table);
    return wrong(d, d->sql_line, "a topic whose records replace one another needs one; a pure stream is marked -- @append");
  }
  return true;
}

static bool add_key_part(derivation *d, key_part part) {
  if (d->t->key_parts == TOPIC_MAX_KEY_PARTS) {
    error_set(d->err, ERR_LIMIT, "the key template has more than %d parts", TOPIC_MAX_KEY_PARTS);
    return wrong(d, d->header->key_line, NULL);
  }
  d->t->key_part[d->t->key_parts++] = part;
  return true;
}

static bool add_key_field(derivation *d, const char *field, size_t bytes) {
  const topic *t = d->t;
  int column = topic_field(t, field, bytes);
  const char *problem = column < 0                                      ? "is no field of the table"
                        : !t->append && !t->column[column].key          ? "is not part of the primary key"
                        : t->column[column].type == VALUE_REAL          ? "is REAL, which has no single spelling"
                        : t->key_parts && !t->key_part[t->key_parts - 1].literal ? "follows another field without a text between them"
                                                                        : NULL;
  for (int i = 0; i < t->key_parts && !problem; i++)
    if (t->key_part[i].column == column) problem = "stands there twice";
  if (!problem) return add_key_part(d, (key_part){.column = column});
  error_set(d->err, ERR_INVALID, "the key template's {%.*s} %s", (int)bytes, field, problem);
  return wrong(d, d->header->key_line, "write the primary key's fields in camelCase, e.g. -- @key {instrumentId}#{date}");
}

static bool parse_template(derivation *d) {
  const char *p = d->header->key;
  while (*p) {
    if (*p != '{') {
      size_t n = strcspn(p, "{");
      const char *literal = arena_strndup(d->memory, p, n);
      if (!literal) return error_nomem(d->err);
      if (!add_key_part(d, (key_part){.literal = literal, .literal_bytes = (uint32_t)n, .column = -1})) return false;
      p += n;
      continue;
    }
    const char *close = strchr(p, '}');
    if (!close) {
      error_set(d->err, ERR_INVALID, "the key template has a { without }");
      return wrong(d, d->header->key_line, NULL);
    }
    if (!add_key_field(d, p + 1, (size_t)(close - p - 1))) return false;
    p = close + 1;
  }
  return true;
}

static bool read_template(derivation *d) {
  topic *t = d->t;
  if (!d->header->key) {
    if (t->append) return true;
    error_set(d->err, ERR_INVALID, "the file does not say how the records' keys are made");
    return wrong(d, d->header->topic_line, "add a line such as: -- @key {instrumentId}#{date}");
  }
  t->key_part = arena_zalloc(d->memory, TOPIC_MAX_KEY_PARTS * sizeof *t->key_part);
  if (!t->key_part) return error_nomem(d->err);
  if (!parse_template(d)) return false;
  int fields = 0;
  for (int i = 0; i < t->key_parts; i++) fields += !t->key_part[i].literal;
  if (t->append || fields == t->keys) return true;
  error_set(d->err, ERR_INVALID, "the key template has %d fields and the primary key %d columns", fields, t->keys);
  return wrong(d, d->header->key_line, "a record's key must name its row: use exactly the primary key's columns");
}

static bool read_retention(derivation *d) {
  topic *t = d->t;
  const topic_header *h = d->header;
  if (!h->retain_line) return true;
  t->retain_ms = h->retain_ms;
  t->retain_column = column_by_name(t, h->retain_column);
  bool timed = t->append && t->retain_column >= 0 && t->column[t->retain_column].form == FORM_TIME && !t->column[t->retain_column].nullable;
  if (!timed) {
    error_set(d->err, ERR_INVALID, "@retain needs an @append table and a NOT NULL column that is marked @time");
    return wrong(d, h->retain_line, NULL);
  }
  sqlite3_stmt *stmt = ask(d, "SELECT count(*) FROM pragma_index_list(?1) l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = ?2 AND NOT l.partial");
  if (!stmt) return false;
  sqlite3_bind_text(stmt, 2, t->column[t->retain_column].name, -1, SQLITE_STATIC);
  bool indexed = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) > 0;
  sqlite3_finalize(stmt);
  if (indexed) return true;
  error_set(d->err, ERR_INVALID, "@retain needs an index on %s, or every turn would read the whole table", t->column[t->retain_column].name);
  return wrong(d, h->retain_line, "add a CREATE INDEX on that column");
}

/* --- the hash --- */

/* The SQL without comments and with single spaces, so that words about a table may change and the table stays. */
static void put_normalized(buffer *out, const char *sql) {
  char quote = 0;
  bool space = false;
  for (const char *p = sql; *p; p++) {
    if (quote) {
      if (*p == quote) quote = 0;
    } else if (!strncmp(p, "--", 2)) {
      p += strcspn(p, "\n");
      space = true;
      if (!*p) break;
      continue;
    } else if (!strncmp(p, "/*", 2)) {
      const char *end = strstr(p + 2, "*/");
      space = true;
      if (!end) break;
      p = end + 1;
      continue;
    } else if (strchr(" \t\r\n", *p)) {
      space = true;
      continue;
    } else if (*p == '\'' || *p == '"' || *p == '`' || *p == '[') {
      quote = *p == '[' ? ']' : *p;
    }
    if (space && out->len) buffer_putc(out, ' ');
    space = false;
    buffer_putc(out, *p);
  }
}

static bool hash_declaration(derivation *d) {
  topic *t = d->t;
  buffer text = {0};
  buffer_printf(&text, "%s\n%d\n", t->name, t->append);
  for (int i = 0; i < t->columns; i++) buffer_printf(&text, "%s %d\n", t->column[i].name, t->column[i].form);
  put_normalized(&text, t->ddl);
  t->ddl_hash = XXH3_64bits(buffer_text(&text), text.len);
  bool done = !text.failed;
  buffer_free(&text);
  return done ? true : error_nomem(d->err);
}

static bool derive(derivation *d) {
  return run_ddl(d) && find_table(d) && check_table(d) && read_columns(d) && read_primary_key(d) &&
         mark_form(d, &d->header->time, FORM_TIME, VALUE_INTEGER, "@time is for INTEGER columns") &&
         mark_form(d, &d->header->json, FORM_JSON, VALUE_TEXT, "@json is for TEXT columns") && read_template(d) && read_retention(d) &&
         hash_declaration(d);
}

bool topic_derive(topic *t, const topic_header *header, arena *memory, error *err) {
  derivation d = {.t = t, .header = header, .memory = memory, .sql_line = 1, .err = err};
  t->name = header->topic;
  t->title = header->title ? header->title : "";
  t->append = header->append;
  t->retain_column = -1;
  bool done = sqlite3_open_v2(":memory:", &d.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK;
  if (!done) error_nomem(err);
  if (done) sqlite3_set_authorizer(d.db, authorize, &d);
  done = done && derive(&d);
  sqlite3_close(d.db);
  return done;
}
