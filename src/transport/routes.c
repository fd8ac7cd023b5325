#include "transport/routes.h"

#include "transport/http_metrics.h"
#include "transport/rest.h"

#include <stdio.h>
#include <string.h>

const route routes[] = {
  {"GET", "/api/v1", LANE_LIGHT, BODY_NONE, rest_root, false},
  {"GET", "/api/v1/views", LANE_LIGHT, BODY_NONE, rest_views_list, false},
  {"POST", "/api/v1/views", LANE_HEAVY, BODY_JSON, rest_views_create, false},
  {"GET", "/api/v1/views/{view}", LANE_LIGHT, BODY_NONE, rest_view_show, false},
  {"PUT", "/api/v1/views/{view}", LANE_HEAVY, BODY_JSON_OR_SQL, rest_view_replace, false},
  {"DELETE", "/api/v1/views/{view}", LANE_HEAVY, BODY_NONE, rest_view_delete, false},
  {"POST", "/api/v1/views/{view}/dry_run", LANE_HEAVY, BODY_JSON_OR_SQL, rest_view_dry_run, false},
  {"GET", "/api/v1/views/{view}/plan", LANE_LIGHT, BODY_NONE, rest_view_plan, false},
  {"GET", "/api/v1/views/{view}/rows", LANE_HEAVY, BODY_NONE, rest_view_rows, false},
  {"GET", "/api/v1/views/{view}/stream", LANE_LIGHT, BODY_NONE, rest_view_stream, false},
  {"GET", "/api/v1/instances", LANE_LIGHT, BODY_NONE, rest_instances_list, false},
  {"GET", "/api/v1/instances/{instance}", LANE_LIGHT, BODY_NONE, rest_instance_show, false},
  {"DELETE", "/api/v1/instances/{instance}", LANE_LIGHT, BODY_NONE, rest_instance_drop, false},
  {"GET", "/api/v1/tables", LANE_LIGHT, BODY_NONE, rest_tables_list, false},
  {"GET", "/api/v1/tables/{table}/rows", LANE_HEAVY, BODY_NONE, rest_table_rows, false},
  {"POST", "/api/v1/tables/{table}/rows", LANE_HEAVY, BODY_INGEST, rest_table_upsert, false},
  {"DELETE", "/api/v1/tables/{table}/rows", LANE_HEAVY, BODY_OPTIONAL_INGEST, rest_table_delete, false},
  {"POST", "/api/v1/sql", LANE_HEAVY, BODY_JSON, rest_sql, false},
  {"GET", "/api/v1/log", LANE_LIGHT, BODY_NONE, rest_log, false},
  {"GET", "/livez", LANE_LIGHT, BODY_NONE, rest_livez, true},
  {"GET", "/readyz", LANE_LIGHT, BODY_NONE, rest_readyz, true},
  {"GET", "/metrics", LANE_LIGHT, BODY_NONE, rest_metrics, false},
  {"GET", "/openapi.json", LANE_LIGHT, BODY_NONE, rest_openapi, true},
};
const int route_count = sizeof routes / sizeof routes[0];

enum { MAX_ROUTE_NAME_BYTES = 64 };
_Static_assert(sizeof routes / sizeof routes[0] < HTTP_METRIC_ROUTES, "a label for each route and one for the page");

const char *route_name(int index) {
  static _Thread_local char name[MAX_ROUTE_NAME_BYTES];
  if (index >= route_count) return "GET page";
  snprintf(name, sizeof name, "%s %s", routes[index].method, routes[index].path);
  return name;
}

/* Compares segment by segment; {…} takes any that is not empty. */
static bool path_matches(const char *pattern, const char *path) {
  for (;;) {
    size_t p = strcspn(pattern, "/"), n = strcspn(path, "/");
    bool same = pattern[0] == '{' ? n > 0 : p == n && strncmp(pattern, path, n) == 0;
    if (!same) return false;
    pattern += p;
    path += n;
    if (!*pattern || !*path) return *pattern == *path;
    pattern++;
    path++;
  }
}

static bool method_matches(const char *route_method, const char *method) {
  return strcmp(route_method, method) == 0 || (strcmp(route_method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static bool decode_segments(const char *pattern, const char *path, exchange *x, error *err) {
  int taken = 0;
  for (;;) {
    size_t n = strcspn(path, "/");
    if (pattern[0] == '{') {
      x->segment[taken] = path_segment_decode(&x->memory, path, n, err);
      if (!x->segment[taken++]) return false;
    }
    pattern += strcspn(pattern, "/");
    path += n;
    if (!*pattern) return true;
    pattern++;
    path++;
  }
}

int route_find(const char *method, const char *path, exchange *x, buffer *allow, error *err) {
  for (int i = 0; i < route_count; i++) {
    if (!path_matches(routes[i].path, path)) continue;
    if (method_matches(routes[i].method, method)) return decode_segments(routes[i].path, path, x, err) ? i : -2;
    if (allow->len) buffer_puts(allow, ", ");
    buffer_puts(allow, routes[i].method);
    if (strcmp(routes[i].method, "GET") == 0) buffer_puts(allow, ", HEAD");
  }
  return -1;
}
