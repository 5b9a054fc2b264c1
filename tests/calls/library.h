/* What the parts of the test's library share. Knows nothing of single methods. */
#ifndef TESTS_CALLS_LIBRARY_H
#define TESTS_CALLS_LIBRARY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"

/* One connection: what every handler gets as its `self`. */
typedef struct library {
  mbr_peer *peer;
  calls_dialogs_client dialogs;
  atomic_uint open;    /* calls of `wait` and the like that nobody has ended */
  atomic_uint seen;    /* why the last of them was given up: mbr_cancel_reason */
  atomic_uint emitted; /* items of endless streams that were accepted */
  atomic_uint logged;  /* lines about the methods of Logging */
} library;

void sleep_ms(uint32_t ms);

/* Runs `work` on a thread of its own, which frees the copy of `arg` it is given. Aborts where there is none.
 */
void on_thread(void (*work)(void *arg), const void *arg, size_t size);

/* A view of a string of C's. */
mbr_str text_of(const char *text);

/* Each part serves its services on the connection. */
mbr_status serve_endings(library *l);
mbr_status serve_direct(library *l);
mbr_status serve_flow(library *l);
mbr_status serve_types(library *l);
mbr_status serve_bridge(library *l);

#endif
