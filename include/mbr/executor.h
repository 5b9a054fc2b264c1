/* mbr/executor.h — where handlers and callbacks run.
 *
 * An executor runs tasks some time later, each once, on a thread of its choice. A handler that takes long
 * holds that thread: on few threads it had better defer its call and go on elsewhere.
 *
 * mbr/pool.h is one of POSIX threads, mbr/uv.h one for a libuv loop. Any other event loop takes two
 * functions: a submit that queues the task and wakes the loop, and what the loop calls to run the queued
 * ones. With a queue that any thread may push to and a way to wake the loop, both of which every loop has:
 *
 *   typedef struct { mbr_executor executor; my_queue queue; my_loop *loop; } my_executor;
 *
 *   static void submit(mbr_executor *self, mbr_task *task) {
 *     my_executor *e = (my_executor *)self;       // the executor is its first member
 *     my_queue_push(&e->queue, task);             // linked by task->next: no memory is needed
 *     my_loop_wake(e->loop, run_queued, e);
 *   }
 *   static void run_queued(void *arg) {           // on the loop's thread
 *     mbr_task *task;
 *     while ((task = my_queue_pop(&((my_executor *)arg)->queue)) != NULL) task->run(task);
 *   }
 *
 * mbr_peer_run_on(peer, &e->executor) in the connect function then has a connection's handlers run there. */
#ifndef MBR_EXECUTOR_H
#define MBR_EXECUTOR_H

#ifdef __cplusplus
extern "C" {
#endif

/* Work to run once. It belongs to whoever submitted it, and is free to be submitted again, or gone, as soon
 * as `run` is entered: take what is behind it out of `next` before. */
typedef struct mbr_task {
  struct mbr_task *next; /* the executor's, while the task waits */
  void (*run)(struct mbr_task *task);
} mbr_task;

typedef struct mbr_executor {
  /* Takes the task; must not run it, block, or fail. Called from any thread. Every task taken must be run
   * some time: connections wait for theirs before they are gone. */
  void (*submit)(struct mbr_executor *self, mbr_task *task);
} mbr_executor;

#ifdef __cplusplus
}
#endif
#endif
