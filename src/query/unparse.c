#include "query/unparse.h"

#include "query/lexer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How tightly operators bind in SQLite, loosest first; what stands alone binds tightest. */
enum {
  BINDS_OR = 1,
  BINDS_AND,
  BINDS_NOT,
  BINDS_EQUALITY, /* = <> IS IN LIKE BETWEEN ISNULL … */
  BINDS_ORDER,    /* < <= > >= */
  BINDS_ESCAPE,
  BINDS_BITS,
  BINDS_SUM,
  BINDS_PRODUCT,
  BINDS_CONCAT, /* || -> ->> */
  BINDS_COLLATE,
  BINDS_SIGN, /* unary - + ~ */
  BINDS_ALONE,
};

typedef struct writer {
  buffer *out;
  const unparse_hooks *hooks;
  int depth;
} writer;

static void write_expr(writer *w, const expr *e, int least);
static void write_select(writer *w, const select_stmt *s);
static void write_from(writer *w, const from_item *item);

static bool descend(writer *w) {
  if (w->depth >= MAX_TREE_DEPTH) w->out->failed = true;
  if (w->out->failed) return false;
  w->depth++;
  return true;
}

static int binds(const expr *e) {
  static const struct {
    const char *op;
    int level;
  } binary[] = {{"OR", BINDS_OR},      {"AND", BINDS_AND},     {"=", BINDS_EQUALITY}, {"<>", BINDS_EQUALITY},
                {"IS", BINDS_EQUALITY}, {"IS NOT", BINDS_EQUALITY}, {"<", BINDS_ORDER},   {"<=", BINDS_ORDER},
                {">", BINDS_ORDER},    {">=", BINDS_ORDER},    {"&", BINDS_BITS},     {"|", BINDS_BITS},
                {"<<", BINDS_BITS},    {">>", BINDS_BITS},     {"+", BINDS_SUM},      {"-", BINDS_SUM},
                {"*", BINDS_PRODUCT},  {"/", BINDS_PRODUCT},   {"%", BINDS_PRODUCT}};
  switch (e->kind) {
    case EXPR_UNARY: return strcmp(e->op, "NOT") == 0 ? BINDS_NOT : BINDS_SIGN;
    case EXPR_POSTFIX:
    case EXPR_LIKE:
    case EXPR_BETWEEN:
    case EXPR_IN: return BINDS_EQUALITY;
    case EXPR_COLLATE: return BINDS_COLLATE;
    case EXPR_BINARY:
      for (size_t i = 0; i < sizeof binary / sizeof *binary; i++)
        if (strcmp(binary[i].op, e->op) == 0) return binary[i].level;
      return BINDS_CONCAT;
    default: return BINDS_ALONE;
  }
}

/* --- names and lists --- */

static void write_name(writer *w, const char *name) { buffer_sql_name(w->out, name); }

/* A name that must not turn into a string, TRUE or FALSE: `name` never does. */
static void write_backticks(writer *w, const char *name) {
  buffer_putc(w->out, '`');
  for (const char *c = name; *c; c++) {
    if (*c == '`') buffer_putc(w->out, '`');
    buffer_putc(w->out, *c);
  }
  buffer_putc(w->out, '`');
}

static void write_list(writer *w, const expr_list *list) {
  for (int i = 0; i < list->count; i++) {
    if (i) buffer_puts(w->out, ", ");
    write_expr(w, list->items[i], BINDS_OR);
  }
}

static void write_orders(writer *w, const order_list *list) {
  for (int i = 0; i < list->count; i++) {
    const order_term *term = &list->items[i];
    if (i) buffer_puts(w->out, ", ");
    write_expr(w, term->value, BINDS_OR);
    if (term->descending) buffer_puts(w->out, " DESC");
    if (term->nulls != NULLS_DEFAULT) buffer_puts(w->out, term->nulls == NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
  }
}

static void write_names(writer *w, const name_list *list) {
  for (int i = 0; i < list->count; i++) {
    if (i) buffer_puts(w->out, ", ");
    write_name(w, list->items[i]);
  }
}

static void write_qualifier(writer *w, const char *name) {
  if (!name) return;
  write_name(w, name);
  buffer_putc(w->out, '.');
}

/* --- expressions --- */

static void write_column(writer *w, const expr *e) {
  write_qualifier(w, e->schema);
  write_qualifier(w, e->table);
  if (e->quoted) write_name(w, e->name);
  else if (!e->bracketed && lexer_is_plain_name(e->name, strlen(e->name))) buffer_puts(w->out, e->name);
  else write_backticks(w, e->name);
}

static void write_function_name(writer *w, const char *name) {
  if (lexer_is_plain_name(name, strlen(name))) buffer_puts(w->out, name);
  else write_name(w, name);
}

static void write_window_body(writer *w, const window *over) {
  const char *space = "";
  buffer_putc(w->out, '(');
  if (over->base) {
    write_name(w, over->base);
    space = " ";
  }
  if (over->partition_by.count) {
    buffer_printf(w->out, "%sPARTITION BY ", space);
    write_list(w, &over->partition_by);
    space = " ";
  }
  if (over->order_by.count) {
    buffer_printf(w->out, "%sORDER BY ", space);
    write_orders(w, &over->order_by);
    space = " ";
  }
  if (over->frame) buffer_printf(w->out, "%s%s", space, over->frame);
  buffer_putc(w->out, ')');
}

static void write_call(writer *w, const expr *e) {
  write_function_name(w, e->name);
  buffer_puts(w->out, e->distinct ? "(DISTINCT " : "(");
  if (e->star) buffer_putc(w->out, '*');
  write_list(w, &e->list);
  buffer_putc(w->out, ')');
  if (e->filter) {
    buffer_puts(w->out, " FILTER (WHERE ");
    write_expr(w, e->filter, BINDS_OR);
    buffer_putc(w->out, ')');
  }
  if (!e->over) return;
  buffer_puts(w->out, " OVER ");
  if (e->over->reference) write_name(w, e->over->name);
  else write_window_body(w, e->over);
}

static void write_case(writer *w, const expr *e) {
  buffer_puts(w->out, "CASE");
  if (e->left) {
    buffer_putc(w->out, ' ');
    write_expr(w, e->left, BINDS_OR);
  }
  for (int i = 0; i + 1 < e->list.count; i += 2) {
    buffer_puts(w->out, " WHEN ");
    write_expr(w, e->list.items[i], BINDS_OR);
    buffer_puts(w->out, " THEN ");
    write_expr(w, e->list.items[i + 1], BINDS_OR);
  }
  if (e->right) {
    buffer_puts(w->out, " ELSE ");
    write_expr(w, e->right, BINDS_OR);
  }
  buffer_puts(w->out, " END");
}

static void write_in(writer *w, const expr *e) {
  write_expr(w, e->left, BINDS_EQUALITY);
  buffer_puts(w->out, e->negated ? " NOT IN " : " IN ");
  if (e->name) {
    write_qualifier(w, e->schema);
    write_name(w, e->name);
    if (!e->is_call) return;
  }
  buffer_putc(w->out, '(');
  if (e->select) write_select(w, e->select);
  else write_list(w, &e->list);
  buffer_putc(w->out, ')');
}

static void write_like(writer *w, const expr *e) {
  int least = e->list.count ? BINDS_ESCAPE + 1 : BINDS_EQUALITY + 1;
  write_expr(w, e->left, BINDS_EQUALITY);
  buffer_printf(w->out, e->negated ? " NOT %s " : " %s ", e->op);
  write_expr(w, e->right, least);
  if (!e->list.count) return;
  buffer_puts(w->out, " ESCAPE ");
  write_expr(w, e->list.items[0], least);
}

static void write_between(writer *w, const expr *e) {
  write_expr(w, e->left, BINDS_EQUALITY);
  buffer_puts(w->out, e->negated ? " NOT BETWEEN " : " BETWEEN ");
  write_expr(w, e->list.items[0], BINDS_EQUALITY + 1);
  buffer_puts(w->out, " AND ");
  write_expr(w, e->list.items[1], BINDS_EQUALITY + 1);
}

static void write_binary(writer *w, const expr *e) {
  int level = binds(e); /* all of them group to the left */
  write_expr(w, e->left, level);
  buffer_printf(w->out, " %s ", e->op);
  write_expr(w, e->right, level + 1);
}

static void write_unary(writer *w, const expr *e) {
  buffer_puts(w->out, e->op);
  buffer_putc(w->out, ' '); /* "- -1": without the space a comment */
  write_expr(w, e->left, binds(e));
}

static void write_bare(writer *w, const expr *e) {
  buffer *out = w->out;
  switch (e->kind) {
    case EXPR_LITERAL:
    case EXPR_PARAMETER: buffer_puts(out, e->text); break;
    case EXPR_COLUMN: write_column(w, e); break;
    case EXPR_STAR:
      write_qualifier(w, e->table);
      buffer_putc(out, '*');
      break;
    case EXPR_UNARY: write_unary(w, e); break;
    case EXPR_POSTFIX:
      write_expr(w, e->left, BINDS_EQUALITY);
      buffer_printf(out, " %s", e->op);
      break;
    case EXPR_BINARY: write_binary(w, e); break;
    case EXPR_LIKE: write_like(w, e); break;
    case EXPR_BETWEEN: write_between(w, e); break;
    case EXPR_IN: write_in(w, e); break;
    case EXPR_EXISTS:
    case EXPR_SUBQUERY:
      buffer_puts(out, e->kind == EXPR_EXISTS ? "EXISTS (" : "(");
      write_select(w, e->select);
      buffer_putc(out, ')');
      break;
    case EXPR_ROW:
      buffer_putc(out, '(');
      write_list(w, &e->list);
      buffer_putc(out, ')');
      break;
    case EXPR_CASE: write_case(w, e); break;
    case EXPR_CAST:
      buffer_puts(out, "CAST(");
      write_expr(w, e->left, BINDS_OR);
      buffer_printf(out, " AS %s)", e->text);
      break;
    case EXPR_COLLATE:
      write_expr(w, e->left, BINDS_COLLATE);
      buffer_puts(out, " COLLATE ");
      write_name(w, e->name);
      break;
    case EXPR_FUNCTION: write_call(w, e); break;
  }
}

/* least: how tightly e must bind to go without parentheses. */
static void write_expr(writer *w, const expr *e, int least) {
  if (!descend(w)) return;
  if (!w->hooks || !w->hooks->expr || !w->hooks->expr(w->hooks->ctx, w->out, e)) {
    bool enclosed = binds(e) < least;
    if (enclosed) buffer_putc(w->out, '(');
    write_bare(w, e);
    if (enclosed) buffer_putc(w->out, ')');
  }
  w->depth--;
}

/* --- FROM --- */

static void write_alias(writer *w, const char *alias) {
  if (!alias) return;
  buffer_puts(w->out, " AS ");
  write_name(w, alias);
}

static void write_table(writer *w, const from_item *item) {
  write_qualifier(w, item->schema);
  write_name(w, item->name);
  if (item->is_call) {
    buffer_putc(w->out, '(');
    write_list(w, &item->arguments);
    buffer_putc(w->out, ')');
  }
  write_alias(w, item->alias);
  if (!item->indexed_by) return;
  if (!item->indexed_by[0]) {
    buffer_puts(w->out, " NOT INDEXED");
    return;
  }
  buffer_puts(w->out, " INDEXED BY ");
  write_name(w, item->indexed_by);
}

static void write_join(writer *w, const from_item *item) {
  static const char *const words[] = {
      [JOIN_INNER] = "JOIN", [JOIN_CROSS] = "CROSS JOIN", [JOIN_LEFT] = "LEFT JOIN", [JOIN_RIGHT] = "RIGHT JOIN",
      [JOIN_FULL] = "FULL JOIN"};
  write_from(w, item->left);
  buffer_printf(w->out, item->natural ? " NATURAL %s " : " %s ", words[item->join]);
  bool enclosed = item->right->kind == FROM_JOIN && !item->right->alias;
  if (enclosed) buffer_putc(w->out, '(');
  write_from(w, item->right);
  if (enclosed) buffer_putc(w->out, ')');
  if (item->on) {
    buffer_puts(w->out, " ON ");
    write_expr(w, item->on, BINDS_OR);
  } else if (item->has_using) {
    buffer_puts(w->out, " USING (");
    write_names(w, &item->using);
    buffer_putc(w->out, ')');
  }
}

static void write_from(writer *w, const from_item *item) {
  if (!descend(w)) return;
  if (item->kind == FROM_JOIN) {
    if (item->alias) buffer_putc(w->out, '(');
    write_join(w, item);
    if (item->alias) buffer_putc(w->out, ')');
    write_alias(w, item->alias);
  } else if (!w->hooks || !w->hooks->from || !w->hooks->from(w->hooks->ctx, w->out, item)) {
    if (item->kind == FROM_TABLE) {
      write_table(w, item);
    } else {
      buffer_putc(w->out, '(');
      write_select(w, item->select);
      buffer_putc(w->out, ')');
      write_alias(w, item->alias);
    }
  }
  w->depth--;
}

/* --- SELECT --- */

/* The quoted names in a SELECT, sorted: what an alias that was not written could be taken for. */
typedef struct quoted_names {
  const char **items;
  size_t count, capacity;
} quoted_names;

static bool add_quoted_name(void *ctx, expr **slot) {
  quoted_names *names = ctx;
  const expr *e = *slot;
  if (e->kind != EXPR_COLUMN || !(e->quoted || e->bracketed)) return true;
  if (names->count == names->capacity) {
    size_t capacity = names->capacity ? names->capacity * 2 : 16;
    const char **larger = realloc(names->items, capacity * sizeof *larger);
    if (!larger) return false;
    names->items = larger;
    names->capacity = capacity;
  }
  names->items[names->count++] = e->name;
  return true;
}

static int compare_names(const void *a, const void *b) { return strcasecmp(*(const char *const *)a, *(const char *const *)b); }

static bool is_among(const quoted_names *names, const char *name) {
  return names->count && bsearch(&name, names->items, names->count, sizeof *names->items, compare_names);
}

static const expr *without_collate(const expr *e) {
  while (e->kind == EXPR_COLLATE) e = e->left;
  return e;
}

static bool is_named_by_text(const result_column *c) {
  expr_kind kind = without_collate(c->value)->kind; /* SQLite names a derived table's column by what is below COLLATE */
  return !c->alias && c->span && kind != EXPR_COLUMN && kind != EXPR_STAR;
}

/* Without an alias (TRUE), ("text") and a COLLATE x are named by their text in some places and not in others: where nobody
** rewrites them they go as written, which keeps both. */
static bool goes_as_written(const writer *w, const result_column *c) {
  if (c->alias || !c->span || (w->hooks && w->hooks->expr) || strstr(c->span, "--") || strstr(c->span, "/*")) return false;
  return without_collate(c->value)->kind == EXPR_COLUMN && (c->span[0] == '(' || c->value->kind == EXPR_COLLATE);
}

static void write_results(writer *w, const select_stmt *s) {
  quoted_names names = {0};
  bool by_text = false;
  for (int i = 0; i < s->columns.count; i++) by_text = by_text || is_named_by_text(&s->columns.items[i]);
  if (by_text && !select_walk((select_stmt *)s, true, add_quoted_name, &names)) w->out->failed = true;
  if (names.count) qsort(names.items, names.count, sizeof *names.items, compare_names);
  for (int i = 0; i < s->columns.count && !w->out->failed; i++) {
    const result_column *c = &s->columns.items[i];
    if (i) buffer_puts(w->out, ", ");
    if (goes_as_written(w, c)) buffer_puts(w->out, c->span);
    else write_expr(w, c->value, BINDS_OR);
    write_alias(w, is_named_by_text(c) && !is_among(&names, c->span) ? c->span : c->alias);
  }
  free(names.items);
}

static void write_values(writer *w, const select_stmt *s) {
  buffer_puts(w->out, "VALUES ");
  for (int i = 0; i < s->value_rows; i++) {
    buffer_puts(w->out, i ? ", (" : "(");
    write_list(w, &s->values[i]);
    buffer_putc(w->out, ')');
  }
}

static void write_window_clause(writer *w, const window *first) {
  for (const window *over = first; over; over = over->next) {
    buffer_puts(w->out, over == first ? " WINDOW " : ", ");
    write_name(w, over->name);
    buffer_puts(w->out, " AS ");
    write_window_body(w, over);
  }
}

static void write_clause(writer *w, const char *words, const expr *e) {
  if (!e) return;
  buffer_puts(w->out, words);
  write_expr(w, e, BINDS_OR);
}

static void write_arm(writer *w, const select_stmt *s) {
  if (s->is_values) {
    write_values(w, s);
    return;
  }
  buffer_puts(w->out, s->distinct ? "SELECT DISTINCT " : "SELECT ");
  write_results(w, s);
  if (s->from) {
    buffer_puts(w->out, " FROM ");
    write_from(w, s->from);
  }
  write_clause(w, " WHERE ", s->where);
  if (s->group_by.count) {
    buffer_puts(w->out, " GROUP BY ");
    write_list(w, &s->group_by);
  }
  write_clause(w, " HAVING ", s->having);
  write_window_clause(w, s->windows);
}

static void write_ctes(writer *w, const select_stmt *root) {
  for (const cte *c = root->ctes; c; c = c->next) {
    buffer_puts(w->out, c != root->ctes ? ", " : root->recursive ? "WITH RECURSIVE " : "WITH ");
    write_name(w, c->name);
    if (c->columns.count) {
      buffer_putc(w->out, '(');
      write_names(w, &c->columns);
      buffer_putc(w->out, ')');
    }
    buffer_printf(w->out, " AS %s%s(", c->materialized ? c->materialized : "", c->materialized ? " " : "");
    write_select(w, c->select);
    buffer_putc(w->out, ')');
  }
  if (root->ctes) buffer_putc(w->out, ' ');
}

/* The arms hang from right to left: each is found anew from the end, which costs nothing beside writing it (SQLite takes
** 500 arms at most) and needs neither memory nor recursion. */
static void write_arms(writer *w, const select_stmt *root) {
  static const char *const words[] = {[COMPOUND_NONE] = "", [COMPOUND_UNION] = " UNION ", [COMPOUND_UNION_ALL] = " UNION ALL ",
                                      [COMPOUND_INTERSECT] = " INTERSECT ", [COMPOUND_EXCEPT] = " EXCEPT "};
  int n = 0;
  for (const select_stmt *s = root; s; s = s->prior) n++;
  for (int i = n; i-- > 0 && !w->out->failed;) {
    const select_stmt *s = root;
    for (int skip = i; skip > 0; skip--) s = s->prior;
    if (i < n - 1) buffer_puts(w->out, words[s->op]);
    write_arm(w, s);
  }
}

static void write_select(writer *w, const select_stmt *s) {
  if (!descend(w)) return;
  write_ctes(w, s);
  write_arms(w, s);
  if (s->order_by.count) {
    buffer_puts(w->out, " ORDER BY ");
    write_orders(w, &s->order_by);
  }
  write_clause(w, " LIMIT ", s->limit);
  write_clause(w, " OFFSET ", s->offset);
  w->depth--;
}

void unparse_expr(buffer *out, const expr *e, const unparse_hooks *hooks) {
  writer w = {.out = out, .hooks = hooks};
  write_expr(&w, e, BINDS_ALONE);
}

void unparse_from(buffer *out, const from_item *item, const unparse_hooks *hooks) {
  writer w = {.out = out, .hooks = hooks};
  write_from(&w, item);
}

void unparse_select(buffer *out, const select_stmt *s, const unparse_hooks *hooks) {
  writer w = {.out = out, .hooks = hooks};
  write_select(&w, s);
}
