#include "publish/group.h"

#include "publish/channel.h"
#include "publish/client.h"
#include "publish/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

group *group_enter(client *c, const char *name) {
  group *g;
  TAILQ_FOREACH(g, &c->groups, link)
    if (strcmp(g->name, name) == 0) {
      g->members++;
      return g;
    }
  g = calloc(1, sizeof *g);
  if (!g) return NULL;
  snprintf(g->name, sizeof g->name, "%s", name);
  g->client = c;
  g->ready.group = g;
  g->members = 1;
  TAILQ_INSERT_TAIL(&c->groups, g, link);
  return g;
}

static void unschedule(group *g) {
  if (!g->scheduled) return;
  TAILQ_REMOVE(&g->client->publisher->due_groups, g, due_link);
  g->scheduled = false;
}

void group_leave(group *g) {
  if (--g->members > 0) {
    group_queue(g); /* the others may have waited for the one that left */
    return;
  }
  unschedule(g);
  if (g->ready.queued) TAILQ_REMOVE(&g->client->ring, &g->ready, link);
  TAILQ_REMOVE(&g->client->groups, g, link);
  free(g);
}

static bool is_attached(const group *g, const subscription *s) { return s->group == g && s->channel && !s->joining; }

static int interval_ms(const group *g) {
  const subscription *s;
  int least = -1;
  TAILQ_FOREACH(s, &g->client->subscriptions, link)
    if (is_attached(g, s) && (least < 0 || s->now->conflate_ms < least)) least = s->now->conflate_ms;
  return least < 0 ? 0 : least;
}

void group_schedule(group *g) {
  publisher *p = g->client->publisher;
  if (g->scheduled) return;
  int64_t due_ms = g->flushed_ms + interval_ms(g);
  g->due_ms = due_ms > p->now_ms ? due_ms : p->now_ms;
  g->scheduled = true;
  TAILQ_INSERT_TAIL(&p->due_groups, g, due_link);
}

void group_queue(group *g) {
  if (g->ready.queued) return;
  g->ready.queued = true;
  TAILQ_INSERT_TAIL(&g->client->ring, &g->ready, link);
  client_wake(g->client);
}

void group_due(group *g) {
  unschedule(g);
  g->due = true;
  group_queue(g);
}

void group_overflow(group *g) {
  g->overflowed = true;
  group_queue(g);
}

void group_progress(group *g) {
  g->progress_due = true;
  group_queue(g);
}

static bool must_wait(const group *g) {
  const subscription *s;
  TAILQ_FOREACH(s, &g->client->subscriptions, link) {
    if (s->group != g) continue;
    if (s->paused) return true;
    if (is_attached(g, s) && (s->snapshot || s->channel->instance->state != INSTANCE_LIVE)) return true;
  }
  return false;
}

/* All members take a snapshot of this moment. */
static void start_over(group *g) {
  subscription *s;
  g->overflowed = g->due = false;
  TAILQ_FOREACH(s, &g->client->subscriptions, link) {
    if (!is_attached(g, s)) continue;
    if (!channel_reset(s->channel) || !subscription_start_over(s)) {
      client_cut(g->client, CLOSE_INTERNAL, "the server is out of memory");
      return;
    }
    s->overflowed = true; /* tells so before the first chunk */
    if (!s->overflow_reason) s->overflow_reason = "more changed than the server keeps for a slow client";
    subscription_queue(s);
  }
}

typedef struct step {
  subscription *subscription;
  flush *flush;
} step;

static void free_steps(step *steps, int count) {
  for (int i = 0; i < count; i++) flush_unref(steps[i].flush);
  free(steps);
}

/* Steps all members to this version. false: out of memory, the group starts over. */
static bool take_steps(group *g, step *steps, int *count, bool *any) {
  subscription *s;
  TAILQ_FOREACH(s, &g->client->subscriptions, link) {
    /* One that is about to follow something else still moves along, unless its source is gone. */
    if (s->group != g || !s->channel || s->snapshot || s->channel->instance->state != INSTANCE_LIVE) continue;
    flush *f = channel_step(s->channel);
    if (!f) return false;
    steps[(*count)++] = (step){.subscription = s, .flush = f};
    *any |= f->body != NULL;
    if (!s->channel->order) continue;
    window_unref(s->window);
    s->window = window_ref(s->channel->window);
  }
  return true;
}

static void put_member(const step *st, buffer *out) {
  outgoing head = {0};
  subscription_head(st->subscription, st->flush->body ? "delta" : "progress", &head);
  st->subscription->version = st->flush->version;
  buffer_append(out, head.head, head.head_bytes);
  if (st->flush->body)
    buffer_append(out, st->flush->body->text, st->flush->body->bytes);
  else
    buffer_printf(out, "\"version\":%llu}", (unsigned long long)st->flush->version);
}

static bool put_bracket(group *g, const step *steps, int count, outgoing *out) {
  buffer text = {0};
  out->type = "group";
  buffer_puts(&text, "{\"type\":\"group\",\"group\":");
  buffer_json_text(&text, g->name, strlen(g->name));
  buffer_printf(&text, ",\"version\":%llu,\"messages\":[", (unsigned long long)steps[0].flush->version);
  for (int i = 0; i < count; i++) {
    if (i) buffer_putc(&text, ',');
    put_member(&steps[i], &text);
    int64_t us = steps[i].flush->oldest_us;
    if (us && (!out->oldest_us || us < out->oldest_us)) out->oldest_us = us;
  }
  buffer_puts(&text, "]}");
  out->body = shared_text_take(&text);
  return out->body != NULL;
}

/* One message that brings the members to one version; none where nothing changed, unless progress is to be told. */
static bool make_bracket(group *g, outgoing *out) {
  int count = 0;
  bool any = false, made = false;
  step *steps = calloc((size_t)g->members, sizeof *steps);
  bool done = steps && take_steps(g, steps, &count, &any);
  if (done && count > 0 && (any || g->progress_due)) done = made = put_bracket(g, steps, count, out);
  free_steps(steps, count);
  if (!done) group_overflow(g);
  g->due = g->progress_due = false;
  g->flushed_ms = g->client->publisher->now_ms;
  return made;
}

static bool has_joining(const group *g) {
  const subscription *s;
  TAILQ_FOREACH(s, &g->client->subscriptions, link)
    if (s->group == g && s->joining) return true;
  return false;
}

/* At the version to which the others were just brought. */
static void attach_joining(group *g) {
  subscription *s, *next;
  g->members++; /* it must outlive members that fail */
  for (s = TAILQ_FIRST(&g->client->subscriptions); s; s = next) {
    next = TAILQ_NEXT(s, link);
    if (s->group == g && s->joining) subscription_attach(s);
  }
  group_leave(g);
}

bool group_next(group *g, outgoing *out) {
  if (must_wait(g)) return false;
  if (g->overflowed) {
    start_over(g);
    if (must_wait(g)) return false;
  }
  bool joining = has_joining(g);
  if (!joining && !g->due && !g->progress_due) return false;
  bool made = make_bracket(g, out);
  if (joining && !g->overflowed) attach_joining(g);
  return made;
}
