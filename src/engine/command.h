/* What other threads ask of the engine thread, run between two turns.
**
** A bounded queue. A command that is posted is run exactly once, on the engine thread, or dropped with an error when the
** engine stops. A caller that waits does so with a deadline; when it gives up, the command may still run, and its answer is
** thrown away. Thread: command_call and command_post any, command_run_some the engine.
*/
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include "base/error.h"

enum { MAX_COMMANDS = 16384 };

typedef struct command_queue command_queue;

/* Does the work. argument is what was posted; *answer (malloc'd text, may stay NULL) goes to the caller that waits. */
typedef bool (*command_work)(void *engine, void *argument, char **answer, error *err);
/* Ends an argument after the work, or instead of it (refused != NULL: it was dropped, and this is why). */
typedef void (*command_end)(void *engine, void *argument, const error *refused);

/* wake is called after each post. */
command_queue *command_queue_new(void *engine, void (*wake)(void *engine));
void command_queue_free(command_queue *q); /* what is left is ended with ERR_IO */

/* Without waiting. false: the queue is full or closed (ERR_BUSY, ERR_IO) and the caller still has its argument. */
bool command_post(command_queue *q, command_work work, command_end end, void *argument, error *err) MUST_USE;
/* Waits for the answer. The argument is ended by the queue in every case. answer may be NULL. */
bool command_call(command_queue *q, command_work work, command_end end, void *argument, int timeout_ms, char **answer, error *err) MUST_USE;

/* Runs commands until none is left or the time is over. Returns how many ran. */
int command_run_some(command_queue *q, int most_ms);
/* From now on nothing is taken; what waits is ended with ERR_IO. */
void command_queue_close(command_queue *q);

#endif
