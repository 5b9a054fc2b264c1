/* runtime/dart/dl.h — what the runtime needs of Dart's native API. */
#ifndef MBR_RUNTIME_DART_DL_H
#define MBR_RUNTIME_DART_DL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the API in what Dart calls NativeApi.initializeApiDLData. False when the table is of another
 * major version or lacks a function. Not thread-safe; harmless when repeated. */
bool mbr_dl_load(const void *data);

/* Posts an integer to a port; small ones (below 2^30) cost Dart no allocation. False when the port is
 * closed. Any thread, after mbr_dl_load. */
bool mbr_dl_post(int64_t port, int64_t value);

/* Called with the memory that was given to mbr_dl_attach, once, on any thread; it must not call Dart. */
typedef void mbr_dl_finalizer(void *data, void *memory);

/* Gives `size` bytes of memory to the Dart object with this handle: when that is garbage, wherever it
 * has gone meanwhile, `finalize` is called. False: refused, and it never is. In a call from Dart that is no
 * leaf call. */
bool mbr_dl_attach(void *handle, void *memory, size_t size, mbr_dl_finalizer *finalize);

/* Whether this thread is within a call from Dart. Any thread, after mbr_dl_load. */
bool mbr_dl_in_dart(void);

#endif
