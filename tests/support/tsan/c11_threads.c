/* C11 threads on top of POSIX ones, for builds with the thread sanitizer only.
**
** librdkafka makes its threads by thrd_create, which GCC's sanitizer does not know: such a thread crashes in its first malloc.
** These definitions in the executable come before the C library's, and lead to functions that the sanitizer sees. glibc's
** own are the same thing underneath: the types have the same sizes.
*/
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t) && sizeof(cnd_t) >= sizeof(pthread_cond_t) && sizeof(thrd_t) == sizeof(pthread_t), "glibc's layouts");

/* It is not built with the sanitizer, which therefore sees only half of what it does. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "race:librdkafka.so\n"; }

typedef struct start {
  thrd_start_t function;
  void *argument;
} start;

static void *run(void *ctx) {
  start s = *(start *)ctx;
  free(ctx);
  return (void *)(intptr_t)s.function(s.argument);
}

static int result(int rc) { return rc == 0 ? thrd_success : rc == ETIMEDOUT ? thrd_timedout : rc == EBUSY ? thrd_busy : rc == ENOMEM ? thrd_nomem : thrd_error; }

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
  start *s = malloc(sizeof *s);
  if (!s) return thrd_nomem;
  *s = (start){function, argument};
  int rc = pthread_create((pthread_t *)thread, NULL, run, s);
  if (rc) free(s);
  return result(rc);
}

int thrd_join(thrd_t thread, int *value) {
  void *returned;
  int rc = pthread_join((pthread_t)thread, &returned);
  if (!rc && value) *value = (int)(intptr_t)returned;
  return result(rc);
}

int mtx_init(mtx_t *mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  int rc = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result(rc);
}

int mtx_lock(mtx_t *mutex) { return result(pthread_mutex_lock((pthread_mutex_t *)mutex)); }
int mtx_unlock(mtx_t *mutex) { return result(pthread_mutex_unlock((pthread_mutex_t *)mutex)); }
void mtx_destroy(mtx_t *mutex) { pthread_mutex_destroy((pthread_mutex_t *)mutex); }

int cnd_init(cnd_t *condition) { return result(pthread_cond_init((pthread_cond_t *)condition, NULL)); }
int cnd_signal(cnd_t *condition) { return result(pthread_cond_signal((pthread_cond_t *)condition)); }
int cnd_broadcast(cnd_t *condition) { return result(pthread_cond_broadcast((pthread_cond_t *)condition)); }
int cnd_wait(cnd_t *condition, mtx_t *mutex) { return result(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex)); }
int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until) {
  return result(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}
void cnd_destroy(cnd_t *condition) { pthread_cond_destroy((pthread_cond_t *)condition); }
