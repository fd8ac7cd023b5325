#include "publish/request.h"

#include <stdlib.h>
#include <string.h>

void request_free(request *r) {
  if (!r) return;
  free(r->view);
  json_decref(r->params);
  json_decref(r->group_by);
  free(r->params_json);
  free(r->filter);
  for (int i = 0; i < r->order_count; i++) free(r->order_by[i]);
  free(r);
}

bool request_windowed(const request *r) { return r->limit >= 0; }

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

bool request_same_selection(const request *a, const request *b) {
  return same_text(a->view, b->view) && same_text(a->params_json, b->params_json) && same_text(a->filter, b->filter);
}

static bool wrong(error *err, const char *field, const char *expected) {
  return error_set(err, ERR_INVALID, "'%s' must be %s", field, expected);
}

/* The member, with null as absent. */
static const json_t *member(const json_t *message, const char *name) {
  const json_t *v = json_object_get(message, name);
  return json_is_null(v) ? NULL : v;
}

bool request_id(const json_t *message, char out[MAX_ID_BYTES + 1], error *err) {
  const json_t *id = member(message, "id");
  if (!json_is_string(id) || json_string_length(id) == 0 || json_string_length(id) > MAX_ID_BYTES)
    return wrong(err, "id", "a text of 1 to 64 bytes");
  memcpy(out, json_string_value(id), json_string_length(id) + 1);
  return true;
}

static bool read_params(request *r, const json_t *message, error *err) {
  const json_t *params = member(message, "params");
  if (params && !json_is_object(params)) return wrong(err, "params", "an object of the view's parameters");
  json_decref(r->params);
  r->params = params ? json_deep_copy(params) : NULL;
  return !params || r->params || error_nomem(err);
}

static bool read_group_by(request *r, const json_t *message, error *err) {
  const json_t *list = member(message, "group_by");
  if (list && !json_is_array(list)) return wrong(err, "group_by", "a list of dimensions");
  for (size_t i = 0; list && i < json_array_size(list); i++)
    if (!json_is_string(json_array_get(list, i))) return wrong(err, "group_by", "a list of texts");
  json_decref(r->group_by);
  r->group_by = list ? json_deep_copy(list) : NULL;
  return !list || r->group_by || error_nomem(err);
}

static bool read_filter(request *r, const json_t *message, error *err) {
  const json_t *filter = member(message, "filter");
  if (filter && !json_is_string(filter)) return wrong(err, "filter", "an SQL expression as text");
  if (filter && json_string_length(filter) > MAX_FILTER_BYTES)
    return error_set(err, ERR_LIMIT, "'filter' is longer than %d bytes", MAX_FILTER_BYTES);
  free(r->filter);
  r->filter = NULL;
  if (!filter || json_string_length(filter) == 0) return true;
  r->filter = strdup(json_string_value(filter));
  return r->filter || error_nomem(err);
}

static bool read_order(request *r, const json_t *message, error *err) {
  const json_t *list = member(message, "order_by");
  if (list && !json_is_array(list)) return wrong(err, "order_by", "a list of column names, -name for descending");
  if (list && json_array_size(list) > MAX_ORDER_NAMES)
    return error_set(err, ERR_LIMIT, "'order_by' has more than %d columns", MAX_ORDER_NAMES);
  for (int i = 0; i < r->order_count; i++) free(r->order_by[i]);
  r->order_count = 0;
  for (size_t i = 0; list && i < json_array_size(list); i++) {
    const json_t *name = json_array_get(list, i);
    if (!json_is_string(name)) return wrong(err, "order_by", "a list of texts");
    r->order_by[r->order_count] = strdup(json_string_value(name));
    if (!r->order_by[r->order_count]) return error_nomem(err);
    r->order_count++;
  }
  return true;
}

static bool read_integer(const json_t *message, const char *name, int64_t least, int64_t most, int64_t absent, int64_t *out,
                         error *err) {
  const json_t *v = member(message, name);
  *out = absent;
  if (!v) return true;
  if (!json_is_integer(v)) return wrong(err, name, "a whole number");
  *out = json_integer_value(v);
  if (*out < least) return error_set(err, ERR_INVALID, "'%s' must be %lld or more", name, (long long)least);
  if (*out > most) return error_set(err, ERR_LIMIT, "'%s' is %lld; at most %lld is allowed", name, (long long)*out, (long long)most);
  return true;
}

static bool read_limit(request *r, const json_t *message, const delivery_limits *limits, error *err) {
  return read_integer(message, "limit", 1, limits->window_rows, -1, &r->limit, err);
}

static bool read_offset(request *r, const json_t *message, error *err) {
  return read_integer(message, "offset", 0, INT32_MAX, 0, &r->offset, err);
}

static bool read_conflation(request *r, const json_t *message, const delivery_limits *limits, error *err) {
  int64_t ms;
  if (!read_integer(message, "conflate_ms", 0, limits->conflate_ms, limits->default_conflate_ms, &ms, err)) return false;
  r->conflate_ms = (int)ms;
  return true;
}

static bool read_group(request *r, const json_t *message, error *err) {
  const json_t *group = member(message, "group");
  if (!group) return true;
  if (!json_is_string(group) || json_string_length(group) == 0 || json_string_length(group) > MAX_ID_BYTES)
    return wrong(err, "group", "a text of 1 to 64 bytes");
  memcpy(r->group, json_string_value(group), json_string_length(group) + 1);
  return true;
}

static bool read_since(request *r, const json_t *message, error *err) {
  const json_t *since = member(message, "since");
  if (!since) return true;
  const json_t *epoch = json_object_get(since, "epoch"), *version = json_object_get(since, "version");
  if (!json_is_string(epoch) || !json_is_integer(version) || json_integer_value(version) < 0)
    return wrong(err, "since", "{\"epoch\": text, \"version\": number}");
  if (r->group[0]) return error_set(err, ERR_INVALID, "'since' is not possible in a group");
  r->has_since = true;
  r->since_version = (uint64_t)json_integer_value(version);
  /* An epoch that is too long is none of ours: cut, it will not match either. */
  strncpy(r->since_epoch, json_string_value(epoch), MAX_EPOCH_BYTES);
  return true;
}

/* What must hold between the fields, and the canonical parameters. */
static bool finish(request *r, error *err) {
  if (!request_windowed(r) && (r->order_count || r->offset))
    return error_set(err, ERR_INVALID, "'order_by' and 'offset' need a 'limit'");
  json_t *all = r->params ? json_copy(r->params) : json_object();
  if (all && r->group_by && json_object_set(all, "group_by", r->group_by)) {
    json_decref(all);
    all = NULL;
  }
  free(r->params_json);
  r->params_json = all ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
  json_decref(all);
  return r->params_json || error_nomem(err);
}

request *request_subscribe(const json_t *message, const delivery_limits *limits, error *err) {
  request *r = calloc(1, sizeof *r);
  if (!r) {
    error_nomem(err);
    return NULL;
  }
  const json_t *view = member(message, "view");
  bool good = true;
  if (!json_is_string(view) || json_string_length(view) == 0 || json_string_length(view) > MAX_VIEW_BYTES)
    good = wrong(err, "view", "the name of a view");
  else if (!(r->view = strdup(json_string_value(view))))
    good = error_nomem(err);
  good = good && read_params(r, message, err) && read_group_by(r, message, err) && read_filter(r, message, err) &&
         read_order(r, message, err) && read_limit(r, message, limits, err) && read_offset(r, message, err) &&
         read_conflation(r, message, limits, err) && read_group(r, message, err) && read_since(r, message, err) && finish(r, err);
  if (good) return r;
  request_free(r);
  return NULL;
}

request *request_copy(const request *from) {
  request *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->view = strdup(from->view);
  r->params = from->params ? json_deep_copy(from->params) : NULL;
  r->group_by = from->group_by ? json_deep_copy(from->group_by) : NULL;
  r->params_json = strdup(from->params_json);
  r->filter = from->filter ? strdup(from->filter) : NULL;
  bool good = r->view && r->params_json && !r->params == !from->params && !r->group_by == !from->group_by && !r->filter == !from->filter;
  for (int i = 0; good && i < from->order_count; i++) {
    good = (r->order_by[i] = strdup(from->order_by[i])) != NULL;
    r->order_count += good;
  }
  r->offset = from->offset;
  r->limit = from->limit;
  r->conflate_ms = from->conflate_ms;
  memcpy(r->group, from->group, sizeof r->group);
  if (good) return r;
  request_free(r);
  return NULL;
}

request *request_change(const request *base, const json_t *message, const delivery_limits *limits, error *err) {
  request *r = request_copy(base);
  if (!r) {
    error_nomem(err);
    return NULL;
  }
  bool good = (!json_object_get(message, "params") || read_params(r, message, err)) &&
              (!json_object_get(message, "group_by") || read_group_by(r, message, err)) &&
              (!json_object_get(message, "filter") || read_filter(r, message, err)) &&
              (!json_object_get(message, "order_by") || read_order(r, message, err)) &&
              (!json_object_get(message, "limit") || read_limit(r, message, limits, err)) &&
              (!json_object_get(message, "offset") || read_offset(r, message, err)) &&
              (!json_object_get(message, "conflate_ms") || read_conflation(r, message, limits, err)) && finish(r, err);
  if (good) return r;
  request_free(r);
  return NULL;
}
