/* mbr/pool.h — an executor of POSIX threads: tasks start in the order they were submitted.
 *
 * It allocates nothing but the threads: waiting tasks are linked through themselves. The members of
 * mbr_pool are its own; they stand here so that a pool can be static. */
#ifndef MBR_POOL_H
#define MBR_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "mbr/executor.h"
#include "mbr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MBR_POOL_THREADS_MAX
#define MBR_POOL_THREADS_MAX 64u
#endif

typedef struct mbr_pool {
  mbr_executor executor; /* first: the executor is the pool */
  pthread_mutex_t lock;
  pthread_cond_t work;
  mbr_task *first, *last;
  size_t idle;
  size_t waking; /* threads that are about to wake a worker */
  bool stopping;
  size_t working; /* threads that have not left */
  size_t thread_count;
  pthread_t threads[MBR_POOL_THREADS_MAX];
} mbr_pool;

/* Starts 1 to MBR_POOL_THREADS_MAX threads, each with a stack of `stack_size` bytes (0: the system's
 * usual size). MBR_MISUSE for other numbers or a stack the system refuses; MBR_NO_MEMORY when it has no
 * more threads, none of which then remains. The pool must not move until it is stopped. */
MBR_MUST_CHECK mbr_status mbr_pool_start(mbr_pool *pool, size_t threads, size_t stack_size);

/* Has the task run once. Any thread, but once mbr_pool_stop was called only the pool's own tasks. */
void mbr_pool_submit(mbr_pool *pool, mbr_task *task);

/* Waits until every task has run, those included that tasks submit meanwhile, and ends the threads.
 * Once for each start, by a thread that is not the pool's. The pool may be started again. */
void mbr_pool_stop(mbr_pool *pool);

/* Instead of mbr_pool_stop at the end of a process, which no task may hold up: waits that long at most, and
 * not at all on one of the pool's own threads. False: tasks and threads are left to go on, and it may be
 * called again. From then on any thread may still submit; once the threads have left, tasks are dropped.
 * No start may follow. */
bool mbr_pool_wind_up(mbr_pool *pool, unsigned milliseconds);

#ifdef __cplusplus
}
#endif
#endif
