#include "query/resolve.h"

#include "base/buffer.h"
#include "query/lexer.h"
#include "query/parser.h"
#include "query/types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct cte_scope {
  cte *cte;
  struct cte_scope *outer; /* what is visible where the CTE was defined, itself left out */
  bool busy;               /* being resolved: a reference to it would be recursive */
} cte_scope;

/* A FROM item as names see it: a table in the list, with the columns that USING has merged away. */
typedef struct visible {
  source *source;
  bool *merged;  /* per column: hidden behind the left one of a USING; NULL = none */
  expr **instead; /* per column: coalesce(left, right) of an outer USING, or NULL */
  struct visible *next;
} visible;

typedef struct scope {
  struct scope *outer;
  visible *first, *last;
  select_stmt *select;
  int depth;
  bool aliases_visible;
} scope;

typedef struct resolving {
  resolver *r;
  error *err;
  scope *at;
  cte_scope *ctes;
  int view_depth;
} resolving;

static bool resolve_chain(resolving *x, select_stmt *s);
static bool resolve_expr(resolving *x, expr **slot);

static bool unsupported(resolving *x, position at, const char *what) {
  error_set(x->err, ERR_LIMIT, "%s", what);
  return error_at(x->err, NULL, at.line, at.column);
}

static bool refuse(resolving *x, position at, const char *fmt, const char *name) {
  error_set(x->err, ERR_INVALID, fmt, name);
  return error_at(x->err, NULL, at.line, at.column);
}

static void *zalloc(resolving *x, size_t bytes) {
  void *p = arena_zalloc(x->r->memory, bytes);
  if (!p) error_nomem(x->err);
  return p;
}

const select_stmt *select_first_arm(const select_stmt *s) {
  while (s->prior) s = s->prior;
  return s;
}

const char *select_column_name(resolver *r, const select_stmt *s, int column) {
  const select_stmt *arm = select_first_arm(s);
  if (arm->is_values) return arena_printf(r->memory, "column%d", column + 1);
  const result_column *c = &arm->columns.items[column];
  if (c->alias) return c->alias;
  if (c->value->kind == EXPR_COLUMN && c->value->source)
    return c->value->source_column == SOURCE_ROWID ? "rowid" : c->value->source->column[c->value->source_column].name;
  return c->span ? c->span : arena_printf(r->memory, "column%d", column + 1);
}

/* --- FROM ------------------------------------------------------------------------------------------------------- */

static source *add_source(resolving *x, from_item *item, bool nullable) {
  source *s = zalloc(x, sizeof *s);
  visible *v = zalloc(x, sizeof *v);
  if (!s || !v) return NULL;
  s->id = x->r->sources++;
  s->depth = x->at->depth;
  s->nullable = nullable;
  s->leaf = -1;
  item->source = s;
  v->source = s;
  if (x->at->last)
    x->at->last->next = v;
  else
    x->at->first = v;
  x->at->last = v;
  return s;
}

/* Column names of a derived table: duplicates get ":1", ":2" as SQLite gives them. */
static const char *unique_name(resolving *x, const source *s, int upto, const char *name) {
  const char *candidate = name;
  for (int n = 1;; n++) {
    bool taken = false;
    for (int i = 0; i < upto && !taken; i++) taken = strcasecmp(s->column[i].name, candidate) == 0;
    if (!taken) return candidate;
    candidate = arena_printf(x->r->memory, "%s:%d", name, n);
    if (!candidate) return name;
  }
}

static bool describe_derived(resolving *x, source *s, const name_list *names, position at) {
  const select_stmt *arm = select_first_arm(s->select);
  s->columns = arm->is_values ? arm->values[0].count : arm->columns.count;
  if (names && names->count && names->count != s->columns)
    return refuse(x, at, "the column list of %s does not have as many names as its SELECT has columns", s->alias ? s->alias : "a view");
  s->column = zalloc(x, sizeof *s->column * (size_t)(s->columns + 1));
  if (!s->column) return false;
  for (int i = 0; i < s->columns; i++) {
    const expr *e = arm->is_values ? arm->values[0].items[i] : arm->columns.items[i].value;
    const char *name = names && names->count ? names->items[i] : select_column_name(x->r, s->select, i);
    s->column[i].name = unique_name(x, s, i, name);
    s->column[i].affinity = expr_affinity(e);
    s->column[i].collation = expr_collation(e);
  }
  return true;
}

/* A derived table sees what is outside of this SELECT, not its neighbours. */
static bool resolve_derived(resolving *x, from_item *item, select_stmt *body, const name_list *names, cte_scope *ctes, scope *outer, bool nullable) {
  resolving inner = *x;
  inner.at = outer;
  inner.ctes = ctes;
  if (!resolve_chain(&inner, body)) return false;
  source *s = add_source(x, item, nullable);
  if (!s) return false;
  item->kind = FROM_SELECT;
  item->select = body;
  s->select = body;
  s->alias = item->alias ? item->alias : item->name;
  return describe_derived(x, s, names, item->at);
}

static bool resolve_cte_reference(resolving *x, from_item *item, cte_scope *found, bool nullable) {
  if (found->busy) return unsupported(x, item->at, "a recursive common table expression is run as a whole");
  select_stmt *body = select_copy(x->r->memory, found->cte->select);
  if (!body) return error_nomem(x->err);
  found->busy = true;
  bool ok = resolve_derived(x, item, body, &found->cte->columns, found->outer, x->at->outer, nullable);
  found->busy = false;
  return ok;
}

/* CREATE [TEMP] VIEW [IF NOT EXISTS] [schema.]name [(a, b)] AS select: finds the SELECT and the column list. */
static bool split_view(resolving *x, const relation *view, name_list *names, const char **body) {
  lexer l;
  lexer_start(&l, view->view_sql, strlen(view->view_sql));
  int depth = 0;
  for (;;) {
    token t = lexer_next(&l);
    if (t.bytes == 0) return error_set(x->err, ERR_LIMIT, "the text of view %s cannot be read", view->name);
    if (t.bytes == 1 && *t.text == '(')
      depth++;
    else if (t.bytes == 1 && *t.text == ')')
      depth--;
    else if (depth == 1 && !(t.bytes == 1 && *t.text == ',')) {
      char *name = arena_strndup(x->r->memory, t.text, t.bytes);
      if (!name || !name_list_add(x->r->memory, names, types_unquote(name))) return error_nomem(x->err);
    } else if (depth == 0 && token_is(&t, "AS")) {
      *body = l.at;
      return true;
    }
  }
}

static bool resolve_view(resolving *x, from_item *item, relation *view, bool nullable) {
  if (x->view_depth >= MAX_VIEW_DEPTH) return unsupported(x, item->at, "views read views too deeply");
  name_list names = {0};
  const char *text;
  if (!view->view_sql || !split_view(x, view, &names, &text)) return unsupported(x, item->at, "the text of a view cannot be read");
  error inner_err;
  error_clear(&inner_err);
  select_stmt *body = query_parse(x->r->memory, text, strlen(text), &inner_err);
  if (!body) return unsupported(x, item->at, "the text of a view is outside of what the compiler reads");
  x->view_depth++;
  bool ok = resolve_derived(x, item, body, &names, NULL, NULL, nullable);
  x->view_depth--;
  return ok;
}

static bool resolve_table(resolving *x, from_item *item, bool nullable) {
  if (item->is_call) return unsupported(x, item->at, "a table-valued function is run as a whole");
  if (!item->schema)
    for (cte_scope *c = x->ctes; c; c = c->outer)
      if (strcasecmp(c->cte->name, item->name) == 0) return resolve_cte_reference(x, item, c, nullable);
  error find_err;
  relation *rel = schema_find(x->r->schema, item->schema, item->name, &find_err);
  if (!rel) {
    if (find_err.code == ERR_NOT_FOUND && strncasecmp(item->name, "sqlite_", 7) != 0 && strncasecmp(item->name, "pragma_", 7) != 0)
      return refuse(x, item->at, "no such table or view: %s", item->name);
    return unsupported(x, item->at, "the table is not one whose changes can be seen");
  }
  if (rel->is_view) return resolve_view(x, item, rel, nullable);
  if (rel->is_virtual) return unsupported(x, item->at, "changes of a virtual table cannot be seen");
  source *s = add_source(x, item, nullable);
  if (!s) return false;
  s->relation = rel;
  s->alias = item->alias ? item->alias : item->name;
  s->schema = item->schema;
  s->columns = rel->columns;
  s->column = rel->column;
  return true;
}

static int find_column(const source *s, const char *name) {
  for (int i = 0; i < s->columns; i++)
    if (strcasecmp(s->column[i].name, name) == 0) return i;
  return -2;
}

static bool is_rowid_name(const char *name) {
  return strcasecmp(name, "rowid") == 0 || strcasecmp(name, "oid") == 0 || strcasecmp(name, "_rowid_") == 0;
}

static expr *column_expr(resolving *x, source *s, int column, position at) {
  expr *e = expr_new(x->r->memory, EXPR_COLUMN, at);
  if (!e) {
    error_nomem(x->err);
    return NULL;
  }
  e->source = s;
  e->source_column = column;
  e->table = s->alias;
  e->name = column == SOURCE_ROWID ? "rowid" : s->column[column].name;
  return e;
}

static expr *binary(resolving *x, const char *op, expr *left, expr *right, position at) {
  expr *e = expr_new(x->r->memory, EXPR_BINARY, at);
  if (!e || !left || !right) {
    error_nomem(x->err);
    return NULL;
  }
  e->op = op;
  e->left = left;
  e->right = right;
  return e;
}


/* The column `name` among the visible sources from `from` to `to`, the leftmost that USING has not merged away. */
static bool find_visible(const visible *from, const visible *to, const char *name, visible **found, int *column) {
  for (const visible *v = from; v; v = v->next) {
    int c = find_column(v->source, name);
    if (c >= 0 && !(v->merged && v->merged[c]) && !v->source->column[c].hidden) {
      *found = (visible *)v;
      *column = c;
      return true;
    }
    if (v == to) break;
  }
  return false;
}

static expr *visible_expr(resolving *x, visible *v, int column, position at) {
  if (v->instead && v->instead[column]) return expr_copy(x->r->memory, v->instead[column]);
  return column_expr(x, v->source, column, at);
}

/* name of the left and of the right side become one: right's is hidden; after an outer join of the right kind it is
** coalesce(left, right). */
static bool merge_column(resolving *x, from_item *join, const char *name, visible *left_first, visible *left_last, visible *right_first, visible *right_last) {
  visible *lv, *rv;
  int lc, rc;
  if (!find_visible(left_first, left_last, name, &lv, &lc) || !find_visible(right_first, right_last, name, &rv, &rc))
    return refuse(x, join->at, "cannot join using column %s - column not present in both tables", name);
  expr *l = visible_expr(x, lv, lc, join->at), *r = visible_expr(x, rv, rc, join->at);
  expr *equal = binary(x, "=", l, r, join->at);
  if (!equal) return false;
  join->on = join->on ? binary(x, "AND", join->on, equal, join->at) : equal;
  if (!rv->merged && !(rv->merged = zalloc(x, sizeof *rv->merged * (size_t)(rv->source->columns + 1)))) return false;
  rv->merged[rc] = true;
  if (join->join == JOIN_RIGHT || join->join == JOIN_FULL) {
    if (!lv->instead && !(lv->instead = zalloc(x, sizeof *lv->instead * (size_t)(lv->source->columns + 1)))) return false;
    expr *both = expr_new(x->r->memory, EXPR_FUNCTION, join->at);
    expr *l2 = expr_copy(x->r->memory, l), *r2 = expr_copy(x->r->memory, r);
    if (!both || !l2 || !r2) return error_nomem(x->err);
    both->name = "coalesce";
    if (!expr_list_add(x->r->memory, &both->list, l2) || !expr_list_add(x->r->memory, &both->list, r2)) return error_nomem(x->err);
    lv->instead[lc] = both;
  }
  return join->on != NULL;
}

static bool merge_using(resolving *x, from_item *join, visible *left_first, visible *left_last, visible *right_first, visible *right_last) {
  if (join->natural)
    for (visible *rv = right_first; rv; rv = rv->next) {
      for (int i = 0; i < rv->source->columns; i++) {
        visible *lv;
        int lc;
        const char *name = rv->source->column[i].name;
        if (rv->source->column[i].hidden || (rv->merged && rv->merged[i])) continue;
        if (find_visible(left_first, left_last, name, &lv, &lc) && !merge_column(x, join, name, left_first, left_last, right_first, right_last)) return false;
      }
      if (rv == right_last) break;
    }
  for (int i = 0; i < join->using.count; i++)
    if (!merge_column(x, join, join->using.items[i], left_first, left_last, right_first, right_last)) return false;
  join->natural = join->has_using = false;
  join->using.count = 0;
  return true;
}

static bool resolve_from(resolving *x, from_item *item, bool nullable) {
  switch (item->kind) {
    case FROM_TABLE: return resolve_table(x, item, nullable);
    case FROM_SELECT: return resolve_derived(x, item, item->select, NULL, x->ctes, x->at->outer, nullable);
    case FROM_JOIN: break;
  }
  if (item->alias) return unsupported(x, item->at, "a parenthesised join with an alias is run as a whole");
  visible *before = x->at->last;
  if (!resolve_from(x, item->left, nullable || item->join == JOIN_RIGHT || item->join == JOIN_FULL)) return false;
  visible *left_last = x->at->last;
  if (!resolve_from(x, item->right, nullable || item->join == JOIN_LEFT || item->join == JOIN_FULL)) return false;
  visible *left_first = before ? before->next : x->at->first;
  bool merges = item->natural || item->using.count;
  return !merges || merge_using(x, item, left_first, left_last, left_last->next, x->at->last);
}

/* ON clauses are bound once every source is known: SQLite lets them name any of them. */
static bool resolve_ons(resolving *x, from_item *item) {
  if (item->kind != FROM_JOIN) return true;
  if (!resolve_ons(x, item->left) || !resolve_ons(x, item->right)) return false;
  return !item->on || resolve_expr(x, &item->on);
}

/* --- expressions ------------------------------------------------------------------------------------------------ */

static bool names_match(const visible *v, const expr *e) {
  if (!e->table) return true;
  if (!v->source->alias || strcasecmp(v->source->alias, e->table) != 0) return false;
  if (!e->schema) return true;
  return v->source->relation && strcasecmp(v->source->relation->schema, e->schema) == 0;
}

/* How often the name is there in one scope; the binding of the first. */
static int match_scope(const scope *sc, const expr *e, visible **found, int *column) {
  int matches = 0;
  for (visible *v = sc->first; v; v = v->next) {
    if (!names_match(v, e)) continue;
    int c = find_column(v->source, e->name);
    if (c < 0 || (!e->table && v->merged && v->merged[c])) continue;
    if (matches++ == 0) {
      *found = v;
      *column = c;
    }
  }
  if (matches || !is_rowid_name(e->name)) return matches;
  for (visible *v = sc->first; v; v = v->next) {
    if (!names_match(v, e) || !v->source->relation || v->source->relation->without_rowid) continue;
    if (matches++ == 0) {
      *found = v;
      *column = v->source->relation->rowid_alias >= 0 ? v->source->relation->rowid_alias : SOURCE_ROWID;
    }
  }
  return matches;
}

static expr *match_alias(resolving *x, const scope *sc, const expr *e) {
  if (e->table || !sc->aliases_visible || !sc->select) return NULL;
  for (int i = 0; i < sc->select->columns.count; i++) {
    const result_column *c = &sc->select->columns.items[i];
    if (c->alias && strcasecmp(c->alias, e->name) == 0) return expr_copy(x->r->memory, c->value);
  }
  return NULL;
}

static bool bind_literal_name(resolving *x, expr *e) {
  if (!e->table && e->quoted) {
    buffer text = {0};
    buffer_sql_text(&text, e->name, strlen(e->name));
    e->kind = EXPR_LITERAL;
    e->text = arena_strdup(x->r->memory, buffer_text(&text));
    buffer_free(&text);
    return e->text || error_nomem(x->err);
  }
  if (!e->table && (strcasecmp(e->name, "true") == 0 || strcasecmp(e->name, "false") == 0)) {
    e->kind = EXPR_LITERAL;
    e->text = strcasecmp(e->name, "true") == 0 ? "TRUE" : "FALSE";
    return true;
  }
  return refuse(x, e->at, "no such column: %s", e->name);
}

static bool resolve_column(resolving *x, expr **slot) {
  expr *e = *slot;
  if (e->source) return true;
  for (scope *sc = x->at; sc; sc = sc->outer) {
    visible *v = NULL;
    int column = 0;
    int matches = match_scope(sc, e, &v, &column);
    if (matches > 1) return refuse(x, e->at, "ambiguous column name: %s", e->name);
    if (matches == 1) {
      if (!e->table && v->instead && column >= 0 && v->instead[column]) {
        *slot = expr_copy(x->r->memory, v->instead[column]);
        return *slot || error_nomem(x->err);
      }
      e->source = v->source;
      e->source_column = column;
      return true;
    }
    expr *alias = match_alias(x, sc, e);
    if (alias) {
      *slot = alias;
      return resolve_expr(x, slot);
    }
  }
  return bind_literal_name(x, e);
}

static bool resolve_subselect(resolving *x, select_stmt *s) {
  resolving inner = *x;
  return resolve_chain(&inner, s);
}

/* OVER name and OVER (name …): the definition from the WINDOW clause in its place. */
static bool expand_window(resolving *x, window *w) {
  const char *name = w->reference ? w->name : w->base;
  if (!name) return true;
  const window *named = x->at->select ? x->at->select->windows : NULL;
  while (named && (!named->name || strcasecmp(named->name, name) != 0)) named = named->next;
  if (!named) return refuse(x, w->at, "no such window: %s", name);
  window base = *named;
  if (base.base && !expand_window(x, &base)) return false;
  for (int i = 0; i < base.partition_by.count; i++) {
    expr *copy = expr_copy(x->r->memory, base.partition_by.items[i]);
    if (!copy || !expr_list_add(x->r->memory, &w->partition_by, copy)) return error_nomem(x->err);
  }
  order_list order = {0};
  for (int i = 0; i < base.order_by.count; i++) {
    order_term t = base.order_by.items[i];
    t.value = expr_copy(x->r->memory, t.value);
    if (!t.value || !order_list_add(x->r->memory, &order, t)) return error_nomem(x->err);
  }
  if (!w->order_by.count) w->order_by = order;
  if (!w->frame) w->frame = base.frame;
  w->reference = false;
  w->name = w->base = NULL;
  return true;
}

static bool resolve_window(resolving *x, window *w) {
  if (!expand_window(x, w)) return false;
  for (int i = 0; i < w->partition_by.count; i++)
    if (!resolve_expr(x, &w->partition_by.items[i])) return false;
  for (int i = 0; i < w->order_by.count; i++)
    if (!resolve_expr(x, &w->order_by.items[i].value)) return false;
  return true;
}

static bool resolve_list(resolving *x, expr_list *list) {
  for (int i = 0; i < list->count; i++)
    if (!resolve_expr(x, &list->items[i])) return false;
  return true;
}

/* x IN table: a SELECT of the table's only column. */
static bool resolve_in_table(resolving *x, expr *e) {
  if (e->is_call) return unsupported(x, e->at, "a table-valued function is run as a whole");
  select_stmt *s = arena_zalloc(x->r->memory, sizeof *s);
  from_item *from = arena_zalloc(x->r->memory, sizeof *from);
  expr *star = expr_new(x->r->memory, EXPR_STAR, e->at);
  if (!s || !from || !star) return error_nomem(x->err);
  from->kind = FROM_TABLE;
  from->at = s->at = e->at;
  from->schema = e->schema;
  from->name = e->name;
  s->from = from;
  if (!result_list_add(x->r->memory, &s->columns, (result_column){.value = star})) return error_nomem(x->err);
  e->select = s;
  e->name = e->schema = NULL;
  return true;
}

static bool resolve_expr(resolving *x, expr **slot) {
  expr *e = *slot;
  if (e->kind == EXPR_COLUMN) return resolve_column(x, slot);
  if (e->kind == EXPR_PARAMETER) return unsupported(x, e->at, "a parameter without a value");
  if (e->kind == EXPR_IN && !e->select && e->name && !resolve_in_table(x, e)) return false;
  if (e->left && !resolve_expr(x, &e->left)) return false;
  if (e->right && !resolve_expr(x, &e->right)) return false;
  if (e->filter && !resolve_expr(x, &e->filter)) return false;
  if (!resolve_list(x, &e->list)) return false;
  if (e->over && !resolve_window(x, e->over)) return false;
  return !e->select || resolve_subselect(x, e->select);
}

/* --- one arm ---------------------------------------------------------------------------------------------------- */

static bool add_star_columns(resolving *x, result_list *out, const expr *star) {
  bool any = false;
  for (visible *v = x->at->first; v; v = v->next) {
    if (star->table && (!v->source->alias || strcasecmp(v->source->alias, star->table) != 0)) continue;
    any = true;
    for (int i = 0; i < v->source->columns; i++) {
      if (v->source->column[i].hidden || (!star->table && v->merged && v->merged[i])) continue;
      expr *e = !star->table ? visible_expr(x, v, i, star->at) : column_expr(x, v->source, i, star->at);
      const char *name = v->source->column[i].name;
      if (!e || !result_list_add(x->r->memory, out, (result_column){.value = e, .alias = name})) return error_nomem(x->err);
    }
  }
  return any || refuse(x, star->at, "no tables for %s.*", star->table ? star->table : "");
}

static bool expand_stars(resolving *x, select_stmt *s) {
  result_list out = {0};
  for (int i = 0; i < s->columns.count; i++) {
    const expr *e = s->columns.items[i].value;
    bool ok = e->kind == EXPR_STAR ? add_star_columns(x, &out, e) : result_list_add(x->r->memory, &out, s->columns.items[i]);
    if (!ok) return x->err->code != ERR_NONE ? false : error_nomem(x->err);
  }
  s->columns = out;
  return true;
}

/* GROUP BY 2 and GROUP BY alias: the result column that they name. */
static bool expand_position(resolving *x, select_stmt *s, expr **slot) {
  expr *e = *slot;
  if (e->kind != EXPR_LITERAL || !types_is_integer(e->text)) return true;
  long n = strtol(e->text, NULL, 10);
  if (n < 1 || n > s->columns.count) return refuse(x, e->at, "GROUP BY or ORDER BY term out of range: %s", e->text);
  *slot = expr_copy(x->r->memory, s->columns.items[n - 1].value);
  return *slot || error_nomem(x->err);
}

/* ORDER BY of a simple SELECT looks at aliases first. */
static bool resolve_order_term(resolving *x, select_stmt *s, expr **slot) {
  expr *e = *slot, *inner = e;
  while (inner->kind == EXPR_COLLATE) inner = inner->left;
  if (e->kind == EXPR_LITERAL) return expand_position(x, s, slot);
  if (inner->kind == EXPR_COLUMN && !inner->table && !inner->source)
    for (int i = 0; i < s->columns.count; i++)
      if (s->columns.items[i].alias && strcasecmp(s->columns.items[i].alias, inner->name) == 0) {
        expr *copy = expr_copy(x->r->memory, s->columns.items[i].value);
        if (!copy) return error_nomem(x->err);
        if (inner == e)
          *slot = copy;
        else {
          expr *c = e;
          while (c->left != inner) c = c->left;
          c->left = copy;
        }
        return resolve_expr(x, slot);
      }
  return resolve_expr(x, slot);
}

static bool resolve_values(resolving *x, select_stmt *s) {
  for (int i = 0; i < s->value_rows; i++)
    if (!resolve_list(x, &s->values[i])) return false;
  return true;
}

static bool resolve_arm(resolving *x, select_stmt *s, bool orders) {
  scope own = {.outer = x->at, .select = s, .depth = x->at ? x->at->depth + 1 : 0};
  x->at = &own;
  if (s->is_values) {
    bool ok = resolve_values(x, s);
    x->at = own.outer;
    return ok;
  }
  bool ok = !s->from || resolve_from(x, s->from, false);
  ok = ok && expand_stars(x, s) && (!s->from || resolve_ons(x, s->from));
  for (int i = 0; ok && i < s->columns.count; i++) ok = resolve_expr(x, &s->columns.items[i].value);
  own.aliases_visible = true;
  ok = ok && (!s->where || resolve_expr(x, &s->where));
  for (int i = 0; ok && i < s->group_by.count; i++)
    ok = expand_position(x, s, &s->group_by.items[i]) && resolve_expr(x, &s->group_by.items[i]);
  ok = ok && (!s->having || resolve_expr(x, &s->having));

  for (int i = 0; ok && orders && i < s->order_by.count; i++) ok = resolve_order_term(x, s, &s->order_by.items[i].value);
  x->at = own.outer;
  return ok;
}

/* --- a whole SELECT --------------------------------------------------------------------------------------------- */

static bool open_ctes(resolving *x, select_stmt *s) {
  cte_scope *outer = x->ctes;
  for (cte *c = s->ctes; c; c = c->next) {
    cte_scope *sc = zalloc(x, sizeof *sc);
    if (!sc) return false;
    sc->cte = c;
    sc->outer = x->ctes;
    x->ctes = sc;
  }
  /* Each sees its siblings too, earlier or later: SQLite allows both. A cycle shows as `busy`. */
  for (cte_scope *sc = x->ctes; sc && sc != outer; sc = sc->outer)
    for (const cte *c = s->ctes; s->recursive && c; c = c->next)
      if (c == sc->cte && types_reads_name(c->select, c->name)) return unsupported(x, c->at, "a recursive common table expression is run as a whole");
  return true;
}

static bool resolve_chain(resolving *x, select_stmt *s) {
  cte_scope *saved = x->ctes;
  if (s->ctes && !open_ctes(x, s)) return false;
  bool ok = true;
  if (s->prior) {
    /* left to right, so that the leftmost arm is the first to be bound */
    select_stmt *arms[MAX_VIEW_DEPTH * 8];
    int n = 0;
    for (select_stmt *a = s; a; a = a->prior) {
      if (n == (int)(sizeof arms / sizeof arms[0])) return unsupported(x, s->at, "too many arms in a compound SELECT");
      arms[n++] = a;
    }
    while (ok && n > 0) ok = resolve_arm(x, arms[--n], false);
  } else {
    ok = resolve_arm(x, s, true);
  }
  x->ctes = saved;
  return ok;
}

bool resolve_select(resolver *r, select_stmt *s, error *err) {
  error_clear(err);
  resolving x = {.r = r, .err = err};
  if (resolve_chain(&x, s)) return true;
  if (err->code == ERR_NONE) error_nomem(err);
  return false;
}
