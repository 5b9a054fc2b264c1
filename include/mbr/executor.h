/* mbr/executor.h — where handlers and callbacks run.
 *
 * An executor runs tasks some time later, each once, on a thread of its choice. A handler that takes long
 * holds that thread: on few threads it had better defer its call and go on elsewhere. */
#ifndef MBR_EXECUTOR_H
#define MBR_EXECUTOR_H

#ifdef __cplusplus
extern "C" {
#endif

/* Work to run once. It belongs to whoever submitted it, and is free to be submitted again as soon
 * as `run` is entered. */
typedef struct mbr_task {
  struct mbr_task *next; /* the executor's, while the task waits */
  void (*run)(struct mbr_task *task);
} mbr_task;

typedef struct mbr_executor {
  /* Takes the task; must not run it, block, or fail. Called from any thread. */
  void (*submit)(struct mbr_executor *self, mbr_task *task);
} mbr_executor;

#ifdef __cplusplus
}
#endif
#endif
