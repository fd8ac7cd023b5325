/* sql/ and views/ without a server: a throw-away database that holds the tables, empty, and the views. */
#ifndef COMMAND_OFFLINE_H
#define COMMAND_OFFLINE_H

#include "catalog/catalog.h"
#include "catalog/topic.h"

typedef struct offline offline;

/* Called for every view file that is wrong. */
typedef void (*offline_problem)(void *ctx, const char *view, const error *problem);

/* NULL: the tables cannot be made, or the folder cannot be read. Views that are wrong are reported and left out. */
offline *offline_open(const char *sql_dir, const char *views_dir, offline_problem report, void *ctx, error *err) MUST_USE;
void offline_close(offline *o); /* removes the database */

sqlite3 *offline_db(offline *o);
view_catalog *offline_views(offline *o);
const topic_catalog *offline_topics(offline *o);

#endif
