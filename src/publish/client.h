/* Clients: one connection's subscriptions, what it asked, and the order in which its messages go out: answers first, then
** the heartbeat, then its subscriptions in turn. Private to src/publish. Thread: the delivery thread. */
#ifndef PUBLISH_CLIENT_H
#define PUBLISH_CLIENT_H

#include "publish/state.h"

client *client_new(publisher *p, client_kind kind, const client_port *port, void *connection, error *err) MUST_USE;
void client_free(client *c);
void client_receive(client *c, const char *text, size_t bytes);
bool client_next(client *c, outgoing *out);

void client_wake(client *c);
void client_cut(client *c, int close_code, const char *reason);
/* Queues a whole message; takes the buffer's bytes. end: the connection is closed after it. */
void client_reply(client *c, const char *type, buffer *text, bool end);
/* Queues an `error`. id may be NULL; allowed: NULL-terminated or NULL. */
void client_refuse(client *c, const char *id, const char *code, const error *err, const char *const *allowed);
/* Queues the heartbeats that are due. Returns in how many ms the next is, or -1. */
int client_heartbeats(publisher *p);

#endif
