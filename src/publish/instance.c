#include "publish/instance.h"

#include "base/log.h"
#include "publish/channel.h"
#include "publish/feed.h"
#include "publish/group.h"
#include "publish/loader.h"
#include "publish/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start_loading(instance *i) {
  i->state = INSTANCE_LOADING;
  TAILQ_INSERT_TAIL(&i->publisher->loading, i, loading_link);
}

instance *instance_new(publisher *p, instance_info *info) {
  instance *i = calloc(1, sizeof *i);
  loader *l = i ? loader_new() : NULL;
  if (!l || !idmap_put(&p->instances_by_id, (int64_t)info->id, i)) {
    loader_free(l);
    free(i);
    instance_info_free(info);
    return NULL;
  }
  i->publisher = p;
  i->info = info;
  i->loader = l;
  snprintf(i->epoch, sizeof i->epoch, "%s-%s-%llu", p->epoch, p->nonce, (unsigned long long)info->id);
  TAILQ_INIT(&i->channels);
  TAILQ_INIT(&i->indexes);
  TAILQ_INIT(&i->feeds);
  METRIC_ADD(p->metrics.instances, 1);
  start_loading(i);
  return i;
}

static void drop_loader(instance *i) {
  if (i->state == INSTANCE_LOADING) TAILQ_REMOVE(&i->publisher->loading, i, loading_link);
  i->state = INSTANCE_ENDED;
  loader_free(i->loader);
  i->loader = NULL;
}

static void count_rows(instance *i, int sign) {
  METRIC_ADD(i->publisher->metrics.rows, sign * (int64_t)i->rows.count);
  METRIC_ADD(i->publisher->metrics.row_bytes, sign * (int64_t)i->row_bytes);
}

void instance_free(instance *i) {
  drop_loader(i);
  idmap_take(&i->publisher->instances_by_id, (int64_t)i->info->id);
  count_rows(i, -1);
  METRIC_ADD(i->publisher->metrics.instances, -1);
  history_free(&i->history);
  rows_free(&i->rows);
  instance_info_free(i->info);
  free(i);
}

/* The rows of the mirror before and after one change; after is a new reference. false: nothing changes, or no memory. */
static bool states_of(instance *i, const row_change *c, stored_row **before, stored_row **after, bool *memory) {
  *before = idmap_get(&i->rows, c->row_id);
  if (!*before) *before = ROW_NONE;
  *after = c->op == ROW_REMOVED ? ROW_NONE : stored_row_new(c->row_id, c->after);
  *memory = *after != NULL;
  if (!*memory) return false;
  if (!stored_row_same(*before, *after)) return true;
  stored_row_unref(*after);
  return false;
}

static bool note_everywhere(instance *i, int64_t id, stored_row *before, int64_t committed_us) {
  channel *ch;
  TAILQ_FOREACH(ch, &i->channels, link)
    if (!channel_note(ch, id, before, committed_us)) return false;
  shared_index *s;
  TAILQ_FOREACH(s, &i->indexes, link)
    if (!change_set_note(&s->index->pending, id, before, committed_us)) return false;
  history_note(&i->history, id, before);
  return true;
}

/* Takes the reference on `after`; gives the mirror's on `before` back. */
static bool put_row(instance *i, int64_t id, stored_row *before, stored_row *after) {
  if (after == ROW_NONE)
    idmap_take(&i->rows, id);
  else if (!idmap_put(&i->rows, id, after))
    return false;
  i->row_bytes += after == ROW_NONE ? 0 : after->bytes;
  i->row_bytes -= before == ROW_NONE ? 0 : before->bytes;
  stored_row_unref(before);
  return true;
}

static bool apply_change(instance *i, const row_change *c, int64_t committed_us, bool *changed) {
  stored_row *before, *after;
  bool memory;
  if (!states_of(i, c, &before, &after, &memory)) return memory;
  if (!note_everywhere(i, c->row_id, before, committed_us) || !put_row(i, c->row_id, before, after)) {
    stored_row_unref(after);
    return false;
  }
  *changed = true;
  return true;
}

/* false: out of memory in between. */
static bool apply(instance *i, const turn *t, const instance_changes *changes) {
  bool changed = false, done = true;
  count_rows(i, -1);
  history_turn_begin(&i->history, t->version, t->committed_us);
  for (size_t n = 0; done && n < changes->count; n++) done = apply_change(i, &changes->rows[n], t->committed_us, &changed);
  count_rows(i, 1);
  channel *ch;
  if (changed) TAILQ_FOREACH(ch, &i->channels, link) channel_touch(ch, t->committed_us);
  return done;
}

void instance_turn(instance *i, turn *t, const instance_changes *changes) {
  if (changes->ended) {
    instance_end(i);
  } else if (i->state == INSTANCE_LIVE) {
    if (!apply(i, t, changes)) instance_reload(i);
  } else if (i->state == INSTANCE_LOADING && !loader_keep(i->loader, t, changes)) {
    log_warn("instance=%llu view=%s: too many turns while loading: starting again", (unsigned long long)i->info->id, i->info->view);
    drop_loader(i);
    i->loader = loader_new();
    if (i->loader)
      start_loading(i);
    else
      instance_end(i);
  }
}

/* The loader's rows become the mirror. */
static void adopt_rows(instance *i) {
  count_rows(i, -1);
  rows_free(&i->rows);
  i->rows = i->loader->rows;
  i->row_bytes = i->loader->row_bytes;
  memset(&i->loader->rows, 0, sizeof i->loader->rows);
  history_start(&i->history, i->loader->version, i->publisher->limits.resume_bytes);
  count_rows(i, 1);
}

/* Indexes and channels of the mirror that was replaced start from the new one. */
static bool restart_channels(instance *i) {
  shared_index *s;
  TAILQ_FOREACH(s, &i->indexes, link) {
    order_index *fresh = order_index_new(&s->index->spec, &i->rows);
    if (!fresh) return false;
    order_index_free(s->index);
    s->index = fresh;
  }
  channel *ch;
  TAILQ_FOREACH(ch, &i->channels, link)
    if (!channel_reset(ch)) return false;
  return true;
}

static void tell_restart(instance *i) {
  channel *ch;
  subscription *s;
  TAILQ_FOREACH(ch, &i->channels, link) {
    TAILQ_FOREACH(s, &ch->followers, follower_link) subscription_give_up(s, "the server fell behind and read the view anew");
    if (ch->group) group_schedule(ch->group);
  }
}

static void become_live(instance *i) {
  loader *l = i->loader;
  bool done = true;
  adopt_rows(i);
  TAILQ_REMOVE(&i->publisher->loading, i, loading_link);
  i->state = INSTANCE_LIVE;
  i->loader = NULL;
  for (size_t n = 0; done && n < l->turn_count; n++)
    if (l->turns[n].turn->version > l->version) done = apply(i, l->turns[n].turn, l->turns[n].changes);
  loader_free(l);
  done = done && restart_channels(i);
  if (!done) {
    instance_end(i);
    return;
  }
  if (i->stale) tell_restart(i);
  i->stale = false;
  feed *f;
  TAILQ_FOREACH(f, &i->feeds, instance_link) feed_ready(f);
}

static void loading_failed(instance *i, const error *err) {
  char text[600];
  log_error("instance=%llu view=%s: cannot read its rows: %s", (unsigned long long)i->info->id, i->info->view,
            error_format(err, text, sizeof text));
  instance_end(i);
}

bool instance_load_some(instance *i) {
  error err = {0};
  bool more = true;
  loader *l = i->loader;
  bool good = l->begun || loader_begin(l, &i->publisher->service, i->info, &err);
  if (good && l->db) good = loader_step(l, &more, &err);
  if (!good) {
    loading_failed(i, &err);
    return false;
  }
  if (l->db) return true;
  /* The rows are of a version whose turn is still on its way: it comes through the inbox, which wakes us. */
  if (l->version > i->publisher->version) return false;
  become_live(i);
  return false;
}

void instance_reload(instance *i) {
  channel *ch;
  if (i->state == INSTANCE_ENDED) return;
  TAILQ_FOREACH(ch, &i->channels, link) channel_freeze(ch);
  drop_loader(i);
  i->stale = true;
  i->loader = loader_new();
  if (i->loader)
    start_loading(i);
  else
    instance_end(i);
}

void instance_end(instance *i) {
  channel *ch;
  drop_loader(i);
  TAILQ_FOREACH(ch, &i->channels, link) channel_freeze(ch);
  feed_instance_ended(i);
}

const char *instance_key_json(const instance *i, buffer *out) {
  buffer_putc(out, '[');
  for (int k = 0; k < i->info->keys; k++) {
    const char *name = i->info->column[i->info->key[k]].name;
    if (k) buffer_putc(out, ',');
    buffer_json_text(out, name, strlen(name));
  }
  buffer_putc(out, ']');
  return buffer_text(out);
}
