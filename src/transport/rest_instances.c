/* The instances that are alive: list, show one, drop one. */
#include "transport/http_server.h"
#include "transport/rest.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

void rest_instances_list(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  exchange_send_json(x, svc->instances(svc->ctx, &err), &err);
}

static bool take_id(exchange *x, uint64_t *id) {
  char *end;
  errno = 0;
  unsigned long long n = strtoull(x->segment[0], &end, 10);
  if (*end || end == x->segment[0] || x->segment[0][0] == '-' || errno) {
    exchange_problem(x, 400, "GET /api/v1/instances lists them", "an instance is named by its number, not '%.60s'", x->segment[0]);
    return false;
  }
  *id = n;
  return true;
}

/* Borrowed from the list. */
static json_t *find_instance(json_t *list, uint64_t id) {
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item) {
    if ((uint64_t)json_integer_value(json_object_get(item, "id")) == id) return item;
  }
  return NULL;
}

void rest_instance_show(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  uint64_t id;
  if (!take_id(x, &id)) return;
  char *text = svc->instances(svc->ctx, &err);
  if (!text) {
    exchange_error(x, &err, NULL);
    return;
  }
  json_error_t where;
  json_t *document = json_loads(text, 0, &where);
  json_t *item = find_instance(document, id);
  if (item)
    exchange_send_json(x, json_dumps(item, JSON_COMPACT), &err);
  else
    exchange_problem(x, 404, "GET /api/v1/instances lists them; one is made when a client follows a selection", "there is no instance %s", x->segment[0]);
  json_decref(document);
  free(text);
}

void rest_instance_drop(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  uint64_t id;
  if (!take_id(x, &id)) return;
  if (svc->instance_drop(svc->ctx, id, &err))
    x->status = 204;
  else
    exchange_error(x, &err, NULL);
}
