/* A pool of POSIX threads over one queue of tasks. Knows nothing of peers. */
#include "mbr/pool.h"

#include "clock.h"

/* How often a worker looks for a task before it sleeps: for about a microsecond, where to sleep and to be woken
 * takes several, of the thread that submits too. */
#ifndef MBR_POOL_LOOKS
#define MBR_POOL_LOOKS 20u
#endif

/* Under the lock, which is free from time to time meanwhile. */
static mbr_task *take_first(mbr_pool *pool) {
  for (unsigned looks = 1; pool->first == NULL && looks < MBR_POOL_LOOKS && !pool->stopping; looks++) {
    pthread_mutex_unlock(&pool->lock);
    pthread_mutex_lock(&pool->lock);
  }
  mbr_task *task = pool->first;
  if (task != NULL) pool->first = task->next;
  return task;
}

/* A worker leaves when it finds no task after `stopping` was set. What a task submits is queued before
 * its own worker looks again, so nothing is left behind. */
static void *work(void *arg) {
  mbr_pool *pool = (mbr_pool *)arg;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    mbr_task *task = take_first(pool);
    if (task != NULL) {
      pthread_mutex_unlock(&pool->lock);
      task->run(task);
      pthread_mutex_lock(&pool->lock);
    } else if (pool->stopping) {
      break;
    } else {
      pool->idle++;
      pthread_cond_wait(&pool->work, &pool->lock);
      pool->idle--;
    }
  }
  if (--pool->working == 0) pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

static void submit(mbr_executor *self, mbr_task *task) { mbr_pool_submit((mbr_pool *)(void *)self, task); }

static mbr_status start_threads(mbr_pool *pool, size_t threads, const pthread_attr_t *attributes) {
  while (pool->thread_count < threads) {
    pthread_mutex_lock(&pool->lock);
    pool->working++;
    pthread_mutex_unlock(&pool->lock);
    if (pthread_create(&pool->threads[pool->thread_count], attributes, work, pool) != 0) {
      mbr_pool_stop(pool);
      return MBR_NO_MEMORY;
    }
    pool->thread_count++;
  }
  return MBR_OK;
}

mbr_status mbr_pool_start(mbr_pool *pool, size_t threads, size_t stack_size) {
  if (threads == 0 || threads > MBR_POOL_THREADS_MAX) return MBR_MISUSE;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return MBR_NO_MEMORY;
  mbr_status status = MBR_OK;
  if (stack_size != 0 && pthread_attr_setstacksize(&attributes, stack_size) != 0) status = MBR_MISUSE;
  if (status == MBR_OK) {
    pool->executor.submit = submit;
    pthread_mutex_init(&pool->lock, NULL);
    (void)mbr_clock_init_condition(&pool->work);
    pool->first = NULL;
    pool->last = NULL;
    pool->idle = 0;
    pool->waking = 0;
    pool->stopping = false;
    pool->working = 0;
    pool->thread_count = 0;
    status = start_threads(pool, threads, &attributes);
  }
  pthread_attr_destroy(&attributes);
  return status;
}

/* Not under the lock, which the woken worker wants at once; but the pool must not go meanwhile. */
static void wake_one(mbr_pool *pool) {
  pthread_cond_signal(&pool->work);
  pthread_mutex_lock(&pool->lock);
  pool->waking--;
  if (pool->stopping && pool->waking == 0) pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
}

void mbr_pool_submit(mbr_pool *pool, mbr_task *task) {
  bool wake = false;
  task->next = NULL;
  pthread_mutex_lock(&pool->lock);
  if (pool->working > 0) {
    if (pool->first == NULL) pool->first = task;
    else pool->last->next = task;
    pool->last = task;
    wake = pool->idle > 0;
  }
  if (wake) pool->waking++;
  pthread_mutex_unlock(&pool->lock);
  if (wake) wake_one(pool);
}

static void begin_to_stop(mbr_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->stopping = true;
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
}

void mbr_pool_stop(mbr_pool *pool) {
  begin_to_stop(pool);
  for (size_t i = 0; i < pool->thread_count; i++) pthread_join(pool->threads[i], NULL);
  pthread_mutex_lock(&pool->lock);
  while (pool->waking > 0) pthread_cond_wait(&pool->work, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->lock);
}

static bool is_own_thread(const mbr_pool *pool) {
  for (size_t i = 0; i < pool->thread_count; i++) {
    if (pthread_equal(pool->threads[i], pthread_self())) return true;
  }
  return false;
}

bool mbr_pool_wind_up(mbr_pool *pool, unsigned milliseconds) {
  begin_to_stop(pool);
  if (is_own_thread(pool)) return false;
  const uint64_t limit = mbr_clock_now() + milliseconds;
  pthread_mutex_lock(&pool->lock);
  while (pool->working > 0 && mbr_clock_now() < limit) mbr_clock_wait(&pool->work, &pool->lock, limit);
  bool all_left = pool->working == 0;
  pthread_mutex_unlock(&pool->lock);
  for (size_t i = 0; all_left && i < pool->thread_count; i++) pthread_join(pool->threads[i], NULL);
  return all_left;
}
