/* mbr/uv.h — an executor whose tasks run on a libuv loop, in the order they were submitted.
 *
 * Handlers and callbacks then run on the loop's thread, one at a time, and may use everything of the loop
 * without locks. It allocates nothing. The members of mbr_uv are its own; they stand here so that one can
 * be static. */
#ifndef MBR_UV_H
#define MBR_UV_H

#include <stdbool.h>
#include <uv.h>

#include "mbr/executor.h"
#include "mbr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbr_uv {
  mbr_executor executor; /* first: the executor is the adapter */
  uv_async_t async;
  uv_mutex_t lock;
  mbr_task *first, *last;
  bool closing;
  void (*closed)(struct mbr_uv *uv);
} mbr_uv;

/* On the loop's thread. From here on tasks may be submitted, and the loop stays alive until mbr_uv_close (or
 * uv_unref of `async`). MBR_NO_MEMORY: the system has no more handles. The adapter must not move until it is
 * closed. */
MBR_MUST_CHECK mbr_status mbr_uv_open(mbr_uv *uv, uv_loop_t *loop);

/* On the loop's thread, once every connection that runs on it is gone: closes the handle and lets the loop
 * end. What was submitted before runs first. `closed` (may be NULL) is called by the loop when the
 * adapter's memory may go. */
void mbr_uv_close(mbr_uv *uv, void (*closed)(mbr_uv *uv));

#ifdef __cplusplus
}
#endif
#endif
