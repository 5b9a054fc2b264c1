/* Feeds streams at the rates their listeners asked for: one thread for all streams of a connection.
 * Knows calls only by their handle, and nothing of what is sent. */
#ifndef IVI_TICKER_H
#define IVI_TICKER_H

#include <stdbool.h>

#include "mbr/peer.h"

typedef struct ticker ticker;

/* What a stream sends. Both run on the ticker's thread, outside its lock. */
typedef struct ticker_source {
  mbr_status (*emit)(void *self, mbr_call call, unsigned number); /* number counts up from 0 */
  mbr_status (*end)(void *self, mbr_call call); /* releases self; answers what ending the call answered */
} ticker_source;

/* NULL: no memory or no thread. */
ticker *ticker_start(void);

/* Takes over a deferred call: from now on the ticker emits `hz` times a second (1 to 1000; others are
 * brought into that range) and ends the call once its listener is gone. False, and the call is still
 * the caller's: no memory. */
bool ticker_add(ticker *t, mbr_call call, unsigned hz, const ticker_source *source, void *self);

/* Ends all streams, joins the thread and frees the ticker. */
void ticker_stop(ticker *t);

#endif
