/* runtime/exec/clock.h — a clock that nobody sets, in milliseconds, and waits that go by it. Knows nothing of
 * who waits for what. */
#ifndef MBR_RUNTIME_EXEC_CLOCK_H
#define MBR_RUNTIME_EXEC_CLOCK_H

#include <pthread.h>
#include <stdint.h>

#define MBR_CLOCK_NEVER UINT64_MAX

/* Never 0. Any thread. */
uint64_t mbr_clock_now(void);

/* A condition to wait for with mbr_clock_wait. As pthread_cond_init. */
int mbr_clock_init_condition(pthread_cond_t *condition);

/* Waits until that time at most; may return early. */
void mbr_clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until);

#endif
