/* A peer as what is above a link. */
#include "mbr/link.h"

static mbr_status receive(void *above, const uint8_t *frame, size_t size) {
  return mbr_peer_receive(above, frame, size);
}

static size_t outgoing(void *above, const uint8_t **frames) { return mbr_peer_outgoing(above, frames); }

static void consume(void *above, size_t size) { mbr_peer_consume(above, size); }

static size_t hello(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  return mbr_peer_hello(above, index, out, capacity);
}

const mbr_link_above mbr_link_over_peer = {receive, outgoing, consume, hello};
