/* What the accounts hold: start-of-day positions, and what the day has changed.
**
** An account has `slots`: first currencies, then securities (a selection of its own, drawn from the seed), at the end some that it
** does not hold yet but may buy. The first day's positions are a function of the seed and take no memory; what fills add is
** kept in 8 bytes per security slot (touched pages only), what cash movements add in 17 per currency slot.
** Positions are units for securities, cents for currencies. Thread: one.
*/
#ifndef MOCKGEN_BOOK_H
#define MOCKGEN_BOOK_H

#include "mockgen/universe.h"

typedef struct book book;

book *book_new(const settings *asked, const universe *u, error *err) MUST_USE; /* keeps u */
void book_free(book *b);

int32_t book_slots(const book *b);
int32_t book_cash_slots(const book *b); /* slots below that are currencies */
int32_t book_instrument(const book *b, int32_t account, int32_t slot);

int64_t book_today(const book *b, int32_t account, int32_t slot);    /* the position that the day began with; 0 = no holding */
int64_t book_tomorrow(const book *b, int32_t account, int32_t slot); /* the one that the next day will begin with */
bool book_cash_moved(const book *b, int32_t account, int32_t slot);  /* whether the day has a cash record */

void book_fill(book *b, int32_t account, int32_t slot, int32_t units);            /* signed */
int64_t book_move_cash(book *b, int32_t account, int32_t slot, int64_t cents);    /* the day's total after it */
void book_next_day(book *b);                                                      /* tomorrow becomes today */

#endif
