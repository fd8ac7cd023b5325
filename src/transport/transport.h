/* The HTTP side of the server: REST, health, metrics, the page's files, and the door through which streams (WebSocket,
** SSE) come in. Everything it knows of the engine is model/service.h; everything it knows of streams is transport/stream.h.
**
** Threads: `connections` civetweb workers, which only parse requests and move bytes (their stack is 100 KB), and `workers`
** threads of our own, which own one read-only database connection each and run the handlers. Sockets of streams are handed
** on and hold no thread here. transport_start and transport_stop are called by one thread, the program's main one.
** Ownership: the service, the stream server and the texts in the options are borrowed until transport_stop has returned.
*/
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include "transport/stream.h"

typedef struct transport_options {
  const char *listen;         /* "127.0.0.1:8080"; port 0 = any free one (transport_port tells) */
  const char *ui_dir;         /* the page's built files; NULL, or a folder that is not there = a plain page says so */
  const char *const *origins; /* NULL-terminated: other origins that may read, write and stream ("https://desk.example"); NULL = none */
  const char *const *hosts;   /* NULL-terminated: names in Host beside localhost, IP addresses and `listen`; NULL = none */
  const stream_server *streams; /* NULL = no streams: /ws and …/stream answer 503 */
  int connections;            /* HTTP requests in progress; more wait in the kernel's queue */
  int workers;                /* handlers that run at once */
  size_t body_bytes;          /* bound on a request body */
  size_t ingest_bytes;        /* bound on the body of a table upsert */
  int request_ms;             /* a request's headers, then its body, must have arrived after this */
  int answer_ms;              /* a row set must have been computed and taken by the client after this */
  int64_t rows_max;           /* rows in one answer */
  int sql_ms;                 /* largest time for an ad-hoc query */
  int64_t sql_rows_max;       /* rows in an ad-hoc query's answer */
  bool sql_enabled;           /* POST /api/v1/sql */
} transport_options;

/* What the program uses where nothing is said: loopback only, 1 MiB bodies, 16 MiB ingest, … */
transport_options transport_defaults(void);

typedef struct transport transport;

/* Listens and answers when it returns. NULL: the address is taken, malformed, or a resource is missing; err says which. */
transport *transport_start(const service *svc, const transport_options *options, error *err) MUST_USE;
/* Stops listening, ends what runs (queries are interrupted), joins its threads. NULL is allowed. */
void transport_stop(transport *t);
int transport_port(const transport *t);

#endif
