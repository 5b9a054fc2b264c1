/* The library that Dart opens: what each connecting isolate is offered, and what is cleaned up when it
 * has gone. */
#include "mbr/dart.h"

#include "services.h"

static void disconnect(void *arg) { ticker_stop(arg); }

static mbr_status connect(mbr_peer *peer) {
  ticker *t = ticker_start();
  if (t == NULL) return MBR_NO_MEMORY;
  mbr_status status = mbr_peer_on_disconnect(peer, disconnect, t);
  if (status != MBR_OK) {
    ticker_stop(t);
    return status;
  }
  status = cabin_serve(peer, t);
  if (status == MBR_OK) status = powertrain_serve(peer, t);
  if (status == MBR_OK) status = machine_serve(peer, t);
  return status;
}

MBR_DART_LIBRARY(ivi, connect)
