#include "transport/rest_allowed.h"

#include "transport/http_server.h"

#include <ctype.h>
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

static void put_views(http_server *s, buffer *out) {
  error ignored = {0};
  char *list = s->svc->views(s->svc->ctx, &ignored);
  if (list) rest_names_json(list, out);
  free(list);
}

/* account_name, accountName and ACCOUNT_NAME are one name to a client. */
static bool same_name(const char *a, size_t a_bytes, const char *b) {
  size_t i = 0;
  for (; *b; b++) {
    while (i < a_bytes && a[i] == '_') i++;
    if (*b == '_') continue;
    if (i == a_bytes || tolower((unsigned char)a[i]) != tolower((unsigned char)*b)) return false;
    i++;
  }
  return i == a_bytes;
}

static const json_t *find_name(const json_t *list, const char *name, size_t bytes) {
  size_t i;
  const json_t *item;
  json_array_foreach(list, i, item) {
    const char *own = json_string_value(json_is_object(item) ? json_object_get(item, "name") : item);
    if (own && same_name(name, bytes, own)) return item;
  }
  return NULL;
}

/* Whether each of the comma-separated names is in the list. */
static bool all_listed(const json_t *list, const char *names) {
  while (*names) {
    size_t n = strcspn(names, ",");
    if (n && !find_name(list, names, n)) return false;
    names += n + (names[n] == ',');
  }
  return true;
}

/* The list that the first wrong name of the request should have come from: the parameters' names, the dimensions, or the
** values that one parameter takes. NULL where every name is right: the error is of another kind. */
static const json_t *list_of_wrong_name(const query_string *q, const json_t *params, const json_t *dimensions, bool *of_parameters) {
  *of_parameters = false;
  for (int i = 0; i < q->count; i++) {
    const query_parameter *given = &q->items[i];
    size_t bytes = strlen(given->name);
    if (given->used) continue;
    if (dimensions && same_name(given->name, bytes, "group_by")) {
      if (!all_listed(dimensions, given->value)) return dimensions;
      continue;
    }
    const json_t *param = find_name(params, given->name, bytes);
    *of_parameters = !param;
    if (!param) return params;
    const json_t *values = json_object_get(param, "values");
    if (values && !all_listed(values, given->value)) return values;
  }
  return NULL;
}

/* By the members params and group_by of the view's JSON. */
static void put_view_names(const exchange *x, const char *view, buffer *out) {
  const service *svc = x->server->svc;
  error ignored = {0};
  json_error_t where;
  char *text = svc->view(svc->ctx, view, &ignored);
  json_t *document = text ? json_loads(text, 0, &where) : NULL;
  bool of_parameters;
  free(text);
  const json_t *dimensions = json_object_get(json_object_get(document, "group_by"), "dimensions");
  const json_t *list = list_of_wrong_name(&x->query, json_object_get(document, "params"), dimensions, &of_parameters);
  if (list || of_parameters) {
    buffer_putc(out, '[');
    put_names(out, list);
    if (of_parameters && dimensions) buffer_puts(out, out->len > 1 ? ",\"group_by\"" : "\"group_by\"");
    buffer_putc(out, ']');
  }
  json_decref(document);
}

void rest_view_error(exchange *x, const char *view, const error *err) {
  buffer allowed = {0};
  if (err->code == ERR_NOT_FOUND) put_views(x->server, &allowed);
  if (err->code == ERR_INVALID) put_view_names(x, view, &allowed);
  exchange_error(x, err, allowed.len && !allowed.failed ? allowed.data : NULL);
  buffer_free(&allowed);
}
