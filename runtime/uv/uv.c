/* An executor over a libuv loop: a queue that any thread may add to, and a uv_async_t that has the loop run
 * what is in it. Knows nothing of peers. */
#include "mbr/uv.h"

#include <stddef.h>

static mbr_task *take_all(mbr_uv *uv) {
  uv_mutex_lock(&uv->lock);
  mbr_task *first = uv->first;
  uv->first = NULL;
  uv->last = NULL;
  uv_mutex_unlock(&uv->lock);
  return first;
}

static void run_all(mbr_task *task) {
  while (task != NULL) {
    mbr_task *next = task->next; /* the task may be gone once it is entered */
    task->run(task);
    task = next;
  }
}

static void free_adapter(uv_handle_t *handle) {
  mbr_uv *uv = (mbr_uv *)handle->data;
  uv_mutex_destroy(&uv->lock);
  if (uv->closed != NULL) uv->closed(uv);
}

/* What its tasks submit waits for the loop's next turn, so that the loop's other handles have theirs. */
static void run_queued(uv_async_t *async) { run_all(take_all((mbr_uv *)async->data)); }

static void submit(mbr_executor *self, mbr_task *task) {
  mbr_uv *uv = (mbr_uv *)(void *)self;
  task->next = NULL;
  uv_mutex_lock(&uv->lock);
  if (uv->first == NULL) uv->first = task;
  else uv->last->next = task;
  uv->last = task;
  /* Under the lock, so that the handle is not closed by what this very task does. */
  if (!uv->closing) (void)uv_async_send(&uv->async);
  uv_mutex_unlock(&uv->lock);
}

mbr_status mbr_uv_open(mbr_uv *uv, uv_loop_t *loop) {
  *uv = (mbr_uv){.executor = {.submit = submit}};
  if (uv_mutex_init(&uv->lock) != 0) return MBR_NO_MEMORY;
  if (uv_async_init(loop, &uv->async, run_queued) != 0) {
    uv_mutex_destroy(&uv->lock);
    return MBR_NO_MEMORY;
  }
  uv->async.data = uv;
  return MBR_OK;
}

void mbr_uv_close(mbr_uv *uv, void (*closed)(mbr_uv *uv)) {
  uv->closed = closed;
  mbr_task *first;
  uv_mutex_lock(&uv->lock);
  uv->closing = true;
  uv_mutex_unlock(&uv->lock);
  while ((first = take_all(uv)) != NULL) run_all(first);
  uv_close((uv_handle_t *)&uv->async, free_adapter);
}
