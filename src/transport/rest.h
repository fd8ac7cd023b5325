/* The handlers behind routes.c, one file per resource. */
#ifndef TRANSPORT_REST_H
#define TRANSPORT_REST_H

#include "transport/exchange.h"

/* rest_server.c */
void rest_root(exchange *x);
void rest_livez(exchange *x);
void rest_readyz(exchange *x);
void rest_metrics(exchange *x);
void rest_log(exchange *x);
void rest_openapi(exchange *x);
void rest_page(exchange *x); /* everything that is no route */

/* rest_views.c */
void rest_views_list(exchange *x);
void rest_views_create(exchange *x);
void rest_view_show(exchange *x);
void rest_view_replace(exchange *x);
void rest_view_delete(exchange *x);
void rest_view_dry_run(exchange *x);
void rest_view_plan(exchange *x);

/* rest_rows.c */
void rest_view_rows(exchange *x);
void rest_view_stream(exchange *x);

/* rest_tables.c */
void rest_tables_list(exchange *x);
void rest_table_rows(exchange *x);
void rest_table_upsert(exchange *x);
void rest_table_delete(exchange *x);

/* rest_instances.c */
void rest_instances_list(exchange *x);
void rest_instance_show(exchange *x);
void rest_instance_drop(exchange *x);

/* rest_sql.c */
void rest_sql(exchange *x);

#endif
