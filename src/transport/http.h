/* From civetweb's callbacks to handlers and back: what happens to each request. Private to src/transport. */
#ifndef TRANSPORT_HTTP_H
#define TRANSPORT_HTTP_H

#include "transport/http_server.h"

/* The callbacks for mg_start; its user data is the http_server. */
struct mg_callbacks http_callbacks(void);
/* Registers /ws. */
void http_register_websocket(http_server *s);
/* The stream server takes the exchange's socket over from here on: the watch lets go of it. */
void http_release_socket(exchange *x);
void http_keep_socket(exchange *x); /* it did not, after all */

#endif
