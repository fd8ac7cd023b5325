/* Definitions of views: list, show, create, replace, delete, dry run, plan. */
#include "transport/http_server.h"
#include "transport/rest.h"
#include "transport/rest_allowed.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME_BYTES = 63 };

void rest_views_list(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  exchange_send_json(x, svc->views(svc->ctx, &err), &err);
}

/* The view's revision, which PUT's If-Match is held against: member etag of its JSON. */
static void put_etag(exchange *x, const char *view_json) {
  json_error_t where;
  json_t *document = json_loads(view_json, 0, &where);
  const char *etag = json_string_value(json_object_get(document, "etag"));
  if (etag) buffer_printf(&x->headers, "ETag: \"%s\"\r\n", etag);
  json_decref(document);
}

static void send_view(exchange *x, char *json, const error *err, const char *name) {
  if (!json) {
    rest_view_error(x, name, err);
    return;
  }
  put_etag(x, json);
  exchange_send_json(x, json, err);
}

void rest_view_show(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  send_view(x, svc->view(svc->ctx, x->segment[0], &err), &err, x->segment[0]);
}

/* A name that can stand in SQL unquoted and as a file's name. */
static bool is_view_name(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  size_t n = strlen(name);
  return n > 0 && n <= MAX_NAME_BYTES && strchr(letters, name[0]) && strspn(name, others) == n;
}

typedef struct definition_body {
  json_t *document; /* owns the texts below, or NULL: the body itself is the definition */
  const char *name, *definition;
} definition_body;

/* {"name":…,"definition":…}, or the definition itself where its type says so. false: the answer is in x. */
static bool read_definition(exchange *x, bool with_name, definition_body *out) {
  const char *type = exchange_header(x, "Content-Type");
  if (type && strncasecmp(type, "application/json", strlen("application/json")) != 0) {
    out->definition = x->body;
    return true;
  }
  json_error_t where;
  out->document = json_loadb(x->body, x->body_bytes, JSON_REJECT_DUPLICATES, &where);
  out->definition = json_string_value(json_object_get(out->document, "definition"));
  out->name = json_string_value(json_object_get(out->document, "name"));
  if (out->definition && (out->name || !with_name)) return true;
  error err = {0};
  if (out->document)
    error_set(&err, ERR_INVALID, with_name ? "expected an object with the texts name and definition" : "expected an object with the text definition");
  else {
    error_set(&err, ERR_INVALID, "the body is not JSON: %s", where.text);
    error_at(&err, NULL, where.line, where.column);
  }
  error_hint(&err, "{\"definition\":\"-- @title …\\nSELECT …\"}");
  exchange_error(x, &err, NULL);
  json_decref(out->document);
  out->document = NULL;
  return false;
}

/* "…" or W/"…" or *: what stands between the quotes, in the exchange's memory. */
static const char *if_match(exchange *x) {
  const char *given = exchange_header(x, "If-Match");
  if (!given) return NULL;
  if (strncmp(given, "W/", 2) == 0) given += 2;
  size_t n = strlen(given);
  return n >= 2 && given[0] == '"' && given[n - 1] == '"' ? arena_strndup(&x->memory, given + 1, n - 2) : given;
}

static void put_view(exchange *x, const char *name, const char *definition, bool create_only) {
  const service *svc = x->server->svc;
  error err = {0};
  if (!is_view_name(name)) {
    exchange_problem(x, 400, "use letters, digits and _", "'%.80s' cannot name a view", name);
    return;
  }
  const char *tag = create_only ? NULL : if_match(x);
  char *json = svc->view_put(svc->ctx, name, definition, tag, create_only, &err);
  if (json) {
    x->status = create_only ? 201 : 200;
    send_view(x, json, &err, name);
    if (create_only) buffer_printf(&x->headers, "Location: /api/v1/views/%s\r\n", name);
  } else if (err.code == ERR_CONFLICT && tag) {
    exchange_error_status(x, 412, &err, NULL);
  } else {
    exchange_error(x, &err, NULL);
  }
}

void rest_views_create(exchange *x) {
  definition_body body = {0};
  if (!read_definition(x, true, &body)) return;
  put_view(x, body.name, body.definition, true);
  json_decref(body.document);
}

void rest_view_replace(exchange *x) {
  definition_body body = {0};
  if (!read_definition(x, false, &body)) return;
  put_view(x, x->segment[0], body.definition, false);
  json_decref(body.document);
}

void rest_view_delete(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  if (svc->view_delete(svc->ctx, x->segment[0], &err))
    x->status = 204;
  else
    rest_view_error(x, x->segment[0], &err);
}

void rest_view_dry_run(exchange *x) {
  const service *svc = x->server->svc;
  definition_body body = {0};
  error err = {0};
  if (!read_definition(x, false, &body)) return;
  if (is_view_name(x->segment[0]))
    exchange_send_json(x, svc->view_check(svc->ctx, x->segment[0], body.definition, &err), &err);
  else
    exchange_problem(x, 400, "use letters, digits and _", "'%.80s' cannot name a view", x->segment[0]);
  json_decref(body.document);
}

void rest_view_plan(exchange *x) {
  const service *svc = x->server->svc;
  buffer params = {0};
  error err = {0};
  selection sel = {.view = x->segment[0]};
  if (query_string_params_json(&x->query, &params, &err)) {
    sel.params_json = buffer_text(&params);
    char *json = svc->plan(svc->ctx, &sel, &err);
    if (json)
      exchange_send_json(x, json, &err);
    else
      rest_view_error(x, sel.view, &err);
  } else {
    exchange_error(x, &err, NULL);
  }
  buffer_free(&params);
}
