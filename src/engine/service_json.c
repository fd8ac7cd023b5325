/* What the engine tells about itself, as JSON texts. */
#include "base/clock.h"
#include "engine/state.h"
#include "engine/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_text(buffer *out, const char *text) { buffer_json_text(out, text, strlen(text)); }

static char *finish(buffer *out, error *err) {
  char *text = buffer_take(out);
  if (!text) error_nomem(err);
  return text;
}

/* --- views --- */

static void put_columns(buffer *out, const column_info *column, int columns) {
  buffer_puts(out, "[");
  for (int i = 0; i < columns; i++) {
    buffer_printf(out, "%s{\"name\":", i ? "," : "");
    put_text(out, column[i].name);
    buffer_printf(out, ",\"type\":\"%s\"}", column[i].type);
  }
  buffer_putc(out, ']');
}

static void put_names(buffer *out, const name_list *names) {
  buffer_putc(out, '[');
  for (int i = 0; i < names->count; i++) {
    if (i) buffer_putc(out, ',');
    put_text(out, names->items[i]);
  }
  buffer_putc(out, ']');
}

/* @key, else the default dimensions, else what the compiler found. */
static void put_key(const catalog_view *v, buffer *out) {
  const view_definition *d = v->definition;
  if (d->key.count || d->default_group_by.count) {
    put_names(out, d->key.count ? &d->key : &d->default_group_by);
    return;
  }
  buffer_putc(out, '[');
  for (int i = 0; i < v->keys; i++) {
    if (i) buffer_putc(out, ',');
    put_text(out, v->key[i]);
  }
  buffer_putc(out, ']');
}

static int instances_of(engine *e, const char *name) {
  int n = 0;
  pthread_mutex_lock(&e->registry.lock);
  for (int i = 0; i < e->registry.count; i++) n += !strcmp(e->registry.items[i]->info->view, name);
  pthread_mutex_unlock(&e->registry.lock);
  return n;
}

/* Members of the view's object, without braces. */
static void put_view(engine *e, const catalog_view *v, buffer *out) {
  const view_definition *d = v->definition;
  view_definition_json(d, out);
  buffer_puts(out, ",\"columns\":");
  put_columns(out, v->column, v->columns);
  buffer_puts(out, ",\"key\":");
  put_key(v, out);
  int alive = instances_of(e, d->name);
  buffer_printf(out, ",\"strategy\":\"%s\",\"reason\":", v->strategy);
  put_text(out, v->reason);
  buffer_printf(out, ",\"alive\":%s,\"instances\":%d", alive ? "true" : "false", alive);
}

char *engine_views_json(engine *e, error *err) {
  buffer out = {0};
  int count = 0;
  catalog_view **all = view_catalog_all(e->catalog, &count);
  buffer_putc(&out, '[');
  for (int i = 0; i < count; i++) {
    buffer_puts(&out, i ? ",{" : "{");
    put_view(e, all[i], &out);
    buffer_putc(&out, '}');
    catalog_view_unref(all[i]);
  }
  buffer_putc(&out, ']');
  free(all);
  return finish(&out, err);
}

char *engine_view_json(engine *e, const char *name, error *err) {
  catalog_view *v = view_catalog_find(e->catalog, name, err);
  if (!v) return NULL;
  buffer out = {0};
  buffer_putc(&out, '{');
  put_view(e, v, &out);
  buffer_puts(&out, ",\"file\":");
  put_text(&out, v->definition->file);
  buffer_puts(&out, ",\"definition\":");
  put_text(&out, v->definition->text);
  buffer_puts(&out, ",\"sql\":");
  put_text(&out, v->sql);
  buffer_putc(&out, '}');
  catalog_view_unref(v);
  return finish(&out, err);
}

char *engine_check_json(engine *e, const char *name, const char *definition, error *err) {
  view_definition *d = view_definition_parse(name, "", definition, strlen(definition), err);
  if (!d) return NULL;
  buffer plan = {0}, out = {0};
  pthread_mutex_lock(&e->describe_lock);
  catalog_view *v = view_definition_bind(d, e->describe, err) ? view_catalog_check(d, e->describe, engine_inspect_view, e, err) : NULL;
  bool done = v && view_explain(e->describe, name, v->sql, STRATEGY_AUTO, &plan, err);
  pthread_mutex_unlock(&e->describe_lock);
  if (done) {
    buffer_putc(&out, '{');
    put_view(e, v, &out);
    buffer_printf(&out, ",\"sql\":");
    put_text(&out, v->sql);
    buffer_printf(&out, ",\"plan\":%s}", buffer_text(&plan));
  }
  catalog_view_unref(v);
  view_definition_unref(d);
  buffer_free(&plan);
  return done ? finish(&out, err) : NULL;
}

/* --- tables --- */

static const char *type_name(value_type type) {
  return type == VALUE_INTEGER ? "INTEGER" : type == VALUE_REAL ? "REAL" : type == VALUE_TEXT ? "TEXT" : "";
}

static void put_table(engine *e, int index, buffer *out) {
  const topic *t = &e->topics->topics[index];
  buffer_puts(out, "{\"name\":");
  put_text(out, t->table);
  buffer_puts(out, ",\"topic\":");
  put_text(out, t->name);
  buffer_puts(out, ",\"title\":");
  put_text(out, t->title);
  buffer_printf(out, ",\"append\":%s,\"retain_ms\":%lld,\"records\":%llu,\"dead_letters\":%llu,\"columns\":[", t->append ? "true" : "false",
                (long long)t->retain_ms, (unsigned long long)e->counts[index].records, (unsigned long long)e->counts[index].refused);
  for (int i = 0; i < t->columns; i++) {
    buffer_printf(out, "%s{\"name\":", i ? "," : "");
    put_text(out, t->column[i].name);
    buffer_puts(out, ",\"field\":");
    put_text(out, t->column[i].field);
    buffer_printf(out, ",\"type\":\"%s\",\"required\":%s}", type_name(t->column[i].type), t->column[i].required ? "true" : "false");
  }
  buffer_puts(out, "],\"key\":[");
  for (int i = 0; i < t->keys; i++) {
    if (i) buffer_putc(out, ',');
    put_text(out, t->column[t->key[i]].name);
  }
  buffer_puts(out, "]}");
}

char *engine_tables_json(engine *e, error *err) {
  buffer out = {0};
  buffer_putc(&out, '[');
  for (int i = 0; i < e->topics->count; i++) {
    if (i) buffer_putc(&out, ',');
    put_table(e, i, &out);
  }
  buffer_putc(&out, ']');
  return finish(&out, err);
}

/* --- instances --- */

/* With the registry locked. */
static void put_instance(engine *e, const instance *i, buffer *out) {
  buffer_printf(out, "{\"id\":%llu,\"view\":", (unsigned long long)i->id);
  put_text(out, i->info->view);
  buffer_printf(out, ",\"params\":%s,\"filter\":", i->target.selection);
  if (*i->target.filter)
    put_text(out, i->target.filter);
  else
    buffer_puts(out, "null");
  buffer_printf(out, ",\"strategy\":\"%s\",\"table\":\"%s\",\"rows\":%lld,\"subscribers\":%d,\"turns\":%llu,\"deltas\":%llu", i->info->strategy, i->info->table,
                (long long)i->stats.rows, i->references, (unsigned long long)i->stats.turns, (unsigned long long)i->stats.deltas);
  buffer_printf(out, ",\"total_ns\":%lld,\"last_ns\":%lld,\"state_bytes\":%lld,\"eager\":%s,\"expires_ms\":", (long long)i->stats.total_ns,
                (long long)i->stats.last_ns, (long long)i->stats.state_bytes, i->standing ? "true" : "false");
  if (i->references > 0 || i->standing) {
    buffer_puts(out, "null}");
    return;
  }
  int64_t left = i->idle_since_ms + e->options.instance_grace_ms - clock_monotonic_ms();
  buffer_printf(out, "%lld}", (long long)(left > 0 ? left : 0));
}

char *engine_instances_json(engine *e, error *err) {
  buffer out = {0};
  buffer_putc(&out, '[');
  pthread_mutex_lock(&e->registry.lock);
  for (int i = 0; i < e->registry.count; i++) {
    if (i) buffer_putc(&out, ',');
    put_instance(e, e->registry.items[i], &out);
  }
  pthread_mutex_unlock(&e->registry.lock);
  buffer_putc(&out, ']');
  return finish(&out, err);
}

/* --- state --- */

static bool replay_done(engine *e, char *why, size_t size) {
  kafka_progress p = {0};
  kafka_source_progress(e->kafka, &p);
  if (p.caught_up) return true;
  if (!p.connected)
    snprintf(why, size, "no broker at %s answers; trying again", e->options.brokers);
  else
    snprintf(why, size, "replaying, %lld of %lld records (%d %%)", (long long)p.done, (long long)p.total,
             p.total > 0 ? (int)((double)p.done * 100 / (double)p.total) : 0);
  return false;
}

bool engine_ready(void *ctx, char *why, size_t size) {
  engine *e = ctx;
  if (size) why[0] = '\0';
  pthread_mutex_lock(&e->alarm_lock);
  bool alarmed = e->alarm[0] != '\0';
  if (alarmed) snprintf(why, size, "turns fail: %s", e->alarm);
  pthread_mutex_unlock(&e->alarm_lock);
  return !alarmed && (!e->kafka || replay_done(e, why, size));
}

void engine_status_json(void *ctx, buffer *out) {
  engine *e = ctx;
  char why[500];
  bool ready = engine_ready(e, why, sizeof why);
  buffer_puts(out, "\"name\":\"viewserver\",\"version\":\"" VS_VERSION "\",\"live_database\":");
  put_text(out, store_path(e->store));
  buffer_printf(out, ",\"epoch\":\"%s\",\"data_version\":%llu,\"started_ms\":%lld,\"uptime_s\":%lld,\"ready\":%s,\"reason\":", store_epoch(e->store),
                (unsigned long long)e->version, (long long)e->started_ms, (long long)(clock_unix_ms() - e->started_ms) / 1000, ready ? "true" : "false");
  if (ready)
    buffer_puts(out, "null");
  else
    put_text(out, why);
}
