/* Who may ask: Host against DNS rebinding, Origin against other pages, CORS for those that are listed. */
#include "transport/http_server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_HOST_BYTES = 255 };

static const char security_headers[] =
  "X-Content-Type-Options: nosniff\r\n"
  "X-Frame-Options: DENY\r\n"
  "Referrer-Policy: no-referrer\r\n"
  "Cross-Origin-Opener-Policy: same-origin\r\n"
  "Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; "
  "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n";

static bool in_list(const char *const *list, const char *text) {
  for (; list && *list; list++)
    if (strcasecmp(*list, text) == 0) return true;
  return false;
}

/* "name:port" or "[v6]:port" without the port. false: too long, or nothing. */
static bool host_name(const char *host, char out[MAX_HOST_BYTES + 1]) {
  size_t n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
  if (n == 0 || n > MAX_HOST_BYTES || n > strlen(host)) return false;
  memcpy(out, host, n);
  out[n] = '\0';
  return true;
}

/* A name that an attacker's DNS could point at us is only taken where it is listed; an address cannot be rebound. */
bool guard_host(const http_server *s, const char *host) {
  char name[MAX_HOST_BYTES + 1];
  struct in_addr v4;
  if (!host_name(host, name)) return false;
  return name[0] == '[' || inet_pton(AF_INET, name, &v4) == 1 || strcasecmp(name, "localhost") == 0 || in_list(s->options.hosts, name);
}

/* Scheme aside, since TLS may end in front of us: "https://desk.example" is the page of Host "desk.example" and of
** "desk.example:443". */
static bool same_origin(const char *origin, const char *host) {
  const char *rest = strstr(origin, "://");
  if (!rest) return false;
  const char *port = strncasecmp(origin, "https:", 6) == 0 ? ":443" : ":80";
  rest += 3;
  if (strcasecmp(rest, host) == 0) return true;
  char with_port[MAX_HOST_BYTES + 8];
  snprintf(with_port, sizeof with_port, "%s%s", rest, port);
  if (strcasecmp(with_port, host) == 0) return true;
  snprintf(with_port, sizeof with_port, "%s%s", host, port);
  return strcasecmp(with_port, rest) == 0;
}

bool guard_origin(const http_server *s, const char *origin, const char *host) {
  return !origin || (host && same_origin(origin, host)) || in_list(s->options.origins, origin);
}

void guard_put_headers(const http_server *s, const struct mg_connection *conn, buffer *out) {
  const char *origin = mg_get_header(conn, "Origin");
  buffer_puts(out, security_headers);
  if (!origin || !in_list(s->options.origins, origin)) return;
  buffer_printf(out, "Access-Control-Allow-Origin: %s\r\nAccess-Control-Expose-Headers: ETag, View-Version, Retry-After\r\n", origin);
}
