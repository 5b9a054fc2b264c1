/* runtime/dart/dl.h — what the runtime needs of Dart's native API. */
#ifndef MBR_RUNTIME_DART_DL_H
#define MBR_RUNTIME_DART_DL_H

#include <stdbool.h>
#include <stdint.h>

/* Finds the API in what Dart calls NativeApi.initializeApiDLData. False when the table is of another
 * major version or lacks a function. Not thread-safe; harmless when repeated. */
bool mbr_dl_load(const void *data);

/* Posts an integer to a port; small ones (below 2^30) cost Dart no allocation. False when the port is
 * closed. Any thread, after mbr_dl_load. */
bool mbr_dl_post(int64_t port, int64_t value);

/* Whether this thread is within a call from Dart. Any thread, after mbr_dl_load. */
bool mbr_dl_in_dart(void);

#endif
