/* The publisher's objects and who belongs to whom. Private to src/publish.
**
**   publisher ─┬─ feed        a selection as clients asked for it, with one hold on the engine's instance
**              ├─ instance    an instance of the engine: its rows (mirror), what changed lately, its channels
**              │    └─ channel     what followers with the same interval and window have been told
**              └─ client ─┬─ subscription   follows one channel; what its client is behind
**                         └─ group          subscriptions that move as one; their channels are their own
**
** Life: an instance lives while a feed holds it; a feed while a subscription uses it, and limits.resume_ms after; a channel
** while a subscription follows it. A subscription may hold two feeds while it changes from one to another.
** Thread: the delivery thread, for all of it.
*/
#ifndef PUBLISH_STATE_H
#define PUBLISH_STATE_H

#include "publish/history.h"
#include "publish/inbox.h"
#include "publish/metrics.h"
#include "publish/order.h"
#include "publish/publisher.h"
#include "publish/request.h"
#include "publish/snapshot.h"
#include "publish/window.h"

#include <sys/queue.h>

typedef struct subscription subscription;
typedef struct client client;
typedef struct group group;
typedef struct channel channel;
typedef struct instance instance;

typedef enum feed_state {
  FEED_ACQUIRING, /* the engine was asked */
  FEED_HELD,      /* instance is set; the engine holds it for us */
  FEED_DEAD       /* refused, or its instance ended: nobody new may use it */
} feed_state;

typedef struct feed {
  TAILQ_ENTRY(feed) link;          /* publisher.feeds */
  TAILQ_ENTRY(feed) instance_link; /* instance.feeds, while held */
  publisher *publisher;
  feed_state state;
  char *view, *params_json, *filter;
  int64_t key;       /* hash of the three */
  instance *instance;
  int users;         /* subscriptions that follow it or wait for it */
  int64_t idle_since_ms;
  TAILQ_HEAD(, subscription) waiting;
} feed;

typedef enum instance_state { INSTANCE_LOADING, INSTANCE_LIVE, INSTANCE_ENDED } instance_state;

/* One sorted index; shared by the channels of its instance with that order. */
typedef struct shared_index {
  TAILQ_ENTRY(shared_index) link;
  order_index *index;
  int users;
} shared_index;

struct instance {
  TAILQ_ENTRY(instance) loading_link;
  publisher *publisher;
  instance_info *info;
  char epoch[MAX_EPOCH_BYTES + 1];
  instance_state state;
  idmap rows;                /* id → stored_row, one reference each */
  size_t row_bytes;
  bool filtered;             /* what leaves it was "filtered" */
  bool reloading;            /* already seen to after turns were lost */
  bool stale;                /* loading again: followers must take a snapshot when it is done */
  history history;
  struct loader *loader;     /* while loading */
  TAILQ_HEAD(, channel) channels;
  TAILQ_HEAD(, shared_index) indexes;
  TAILQ_HEAD(, feed) feeds;
};

/* One step of a channel from one told state to the next; shared by the followers that have not been sent it. */
typedef struct flush {
  int references;
  uint64_t version;
  int64_t oldest_us;
  change_set entries;     /* plain channels: the rows of the step as they were before it */
  window_state *from;     /* windows: what it starts from */
  shared_text *body;      /* NULL: nothing to say */
} flush;

struct channel {
  TAILQ_ENTRY(channel) link;     /* instance.channels */
  TAILQ_ENTRY(channel) due_link; /* publisher.due, while scheduled */
  instance *instance;
  group *group;              /* NULL = shared by all with the same terms */
  int conflate_ms;
  shared_index *order;       /* NULL = plain */
  size_t offset, row_limit;  /* of a window */
  bool dirty;                /* the instance changed since the last flush */
  bool scheduled;
  int64_t due_ms, flushed_ms;
  uint64_t version;          /* of the told state, when dirty */
  int64_t version_us;
  change_set pending;        /* plain: in what the mirror differs from the told state */
  int64_t window_oldest_us;  /* windows: commit of the oldest change since the last flush */
  window_state *window;      /* windows: the told state */
  snapshot *latest;          /* the told state, while somebody may want it */
  TAILQ_HEAD(, subscription) followers;
};

/* Something in a client's ring that may have a message. */
typedef struct ready_item {
  TAILQ_ENTRY(ready_item) link;
  bool queued;
  subscription *subscription; /* or NULL: */
  group *group;
} ready_item;

struct subscription {
  TAILQ_ENTRY(subscription) link;          /* client.subscriptions */
  TAILQ_ENTRY(subscription) follower_link; /* channel.followers */
  TAILQ_ENTRY(subscription) waiting_link;  /* wanted_feed.waiting */
  TAILQ_ENTRY(subscription) progress_link; /* publisher.progress */
  client *client;
  char id[MAX_ID_BYTES + 1];
  char *id_json;
  ready_item ready;

  request *now;              /* what it follows; NULL before the first success */
  feed *feed;
  channel *channel;
  request *wanted;           /* what it is about to follow, or NULL */
  feed *wanted_feed;
  bool waiting;              /* in wanted_feed.waiting */
  group *group;              /* of `now` or of the first `wanted`; NULL = none */
  bool joining;              /* in a group, waits for the group's next step to attach */

  uint64_t version;          /* what its client has (or has in flight) is complete for this */
  uint64_t seq;
  bool paused;
  bool overflowed;           /* own was given up: a snapshot must be taken */
  const char *overflow_reason;
  bool wait_flush;           /* its client is ahead of the channel: nothing before the next flush */
  bool progress_due;
  bool told;                 /* a message was sent since the last progress check */
  int64_t progress_ms;
  snapshot *snapshot;        /* being sent */
  size_t next_chunk;
  change_set own;            /* plain: in what the channel's told state differs from the client's */
  window_state *window;      /* windows: what the client has */
  flush *slot;               /* the next step, for a client that is exactly at its start */
  int64_t behind_us;         /* commit of the oldest change that its client does not have; 0 = none */
  int attempts;              /* of acquiring since it last followed something */
};

struct group {
  TAILQ_ENTRY(group) link;     /* client.groups */
  TAILQ_ENTRY(group) due_link; /* publisher.due_groups, while scheduled */
  client *client;
  char name[MAX_ID_BYTES + 1];
  ready_item ready;
  int members;
  bool scheduled, due, progress_due;
  bool overflowed;
  int64_t due_ms, flushed_ms;
};

typedef struct reply {
  STAILQ_ENTRY(reply) link;
  const char *type;
  bool end;
  shared_text *text;
} reply;

struct client {
  TAILQ_ENTRY(client) link; /* publisher.clients, by heartbeat_ms */
  publisher *publisher;
  client_kind kind;
  const client_port *port;
  void *connection;
  bool woken;              /* wake was called and client_next was not yet */
  bool cut;                /* nothing more for it */
  int64_t heartbeat_ms;    /* when the next is due */
  bool heartbeat_due;
  int errors;              /* refused messages in a row */
  int subscription_count;
  size_t reply_bytes;
  STAILQ_HEAD(, reply) replies;
  TAILQ_HEAD(, ready_item) ring;
  TAILQ_HEAD(, subscription) subscriptions;
  TAILQ_HEAD(, group) groups;
};

struct publisher {
  delivery delivery;
  service service;
  delivery_limits limits;
  inbox *inbox;
  inbox_item *backlog;       /* taken from the inbox, not done yet */
  metrics metrics;
  char epoch[40];            /* of the database */
  char nonce[20];            /* of this process */
  uint64_t version;          /* the last turn that was taken */
  int64_t version_us;
  int client_count;
  idmap feeds_by_key, instances_by_id;
  TAILQ_HEAD(feed_list, feed) feeds;
  TAILQ_HEAD(loading_list, instance) loading;
  TAILQ_HEAD(due_list, channel) due;
  TAILQ_HEAD(due_group_list, group) due_groups;
  TAILQ_HEAD(client_list, client) clients;
  TAILQ_HEAD(progress_list, subscription) progress;
  delta_writer writer;
  int64_t now_ms;            /* monotonic; read once per run and receive */
};

#endif
