#include "transport/rest_allowed.h"

#include "transport/http_server.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void put_name(buffer *out, const json_t *name) {
  if (!json_is_string(name)) return;
  if (out->len > 1) buffer_putc(out, ',');
  buffer_json_text(out, json_string_value(name), json_string_length(name));
}

/* Plain texts, or objects with a name. */
static void put_names(buffer *out, const json_t *list) {
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item) put_name(out, json_is_object(item) ? json_object_get(item, "name") : item);
}

bool rest_names_json(const char *list_json, buffer *out) {
  json_error_t where;
  json_t *document = json_loads(list_json, 0, &where);
  buffer_putc(out, '[');
  put_names(out, document);
  buffer_putc(out, ']');
  json_decref(document);
  return !out->failed;
}

static void put_view_names(http_server *s, buffer *out) {
  error ignored = {0};
  char *list = s->svc->views(s->svc->ctx, &ignored);
  if (list) rest_names_json(list, out);
  free(list);
}

/* Parameters and dimensions of one view: members params and group_by of its JSON. */
static void put_view_parameters(http_server *s, const char *view, buffer *out) {
  error ignored = {0};
  json_error_t where;
  char *text = s->svc->view(s->svc->ctx, view, &ignored);
  json_t *document = text ? json_loads(text, 0, &where) : NULL;
  free(text);
  if (!document) return;
  json_t *group_by = json_object_get(document, "group_by");
  buffer_putc(out, '[');
  put_names(out, json_object_get(document, "params"));
  if (json_is_object(group_by)) group_by = json_object_get(group_by, "dimensions");
  put_names(out, group_by);
  buffer_putc(out, ']');
  json_decref(document);
}

void rest_view_error(exchange *x, const char *view, const error *err) {
  buffer allowed = {0};
  if (err->code == ERR_NOT_FOUND) put_view_names(x->server, &allowed);
  if (err->code == ERR_INVALID) put_view_parameters(x->server, view, &allowed);
  exchange_error(x, err, allowed.len && !allowed.failed ? allowed.data : NULL);
  buffer_free(&allowed);
}
