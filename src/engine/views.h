/* The views' folder and what clients send: definitions made, replaced and deleted while the engine runs. Engine thread. */
#ifndef ENGINE_VIEWS_H
#define ENGINE_VIEWS_H

#include "engine/engine.h"

struct catalog_view;

/* At the start: every file of the folder. Wrong ones are logged and left out, or with `strict` the first is the error. */
bool engine_load_views(engine *e, error *err) MUST_USE;
/* Looks at the folder; a file that is wrong is logged and what runs goes on. */
void engine_reload_views(engine *e);

/* Sent by a client: checked, written to the folder, running. if_match: the etag that it must replace, or NULL. */
bool engine_put_view(engine *e, const char *name, const char *text, const char *if_match, bool create_only, error *err) MUST_USE;
bool engine_delete_view(engine *e, const char *name, error *err) MUST_USE;

/* Strategy and reason of a view, for the catalog: a view_inspector. */
bool engine_inspect_view(void *ctx, sqlite3 *db, struct catalog_view *v, error *err);

#endif
