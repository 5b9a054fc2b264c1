/* mbr/bridge.h — lends a service of remote peers to Dart, or to any other peer, without decoding it.
 *
 * What a connection calls of a lent service is called on the remote peer, byte for byte, and what comes back
 * goes back: results, declared errors, items, endings, credit, cancelling. The one who calls sees no
 * difference to a service in its own process, but that `sync` methods are MBR_UNSUPPORTED, and that calls
 * end as MBR_DISCONNECTED while the line is down.
 *
 *   static mbr_line *engines[2];                               // two identical controllers
 *   static mbr_bridge *motor;
 *   motor = mbr_bridge_open(car_motor_remote(), engines, 2);   // instances 0 and 1
 *
 *   static mbr_status connect(mbr_peer *dart) { return mbr_bridge_lend(motor, dart); }
 *
 * An instance is up when its line is and the other side has told that it serves the service; a stream method
 * that every lent service has besides its own, "namespace.Service.@link", tells each connection. A call ends as
 *   MBR_DISCONNECTED   when the instance is down, or goes down while it is open
 *   MBR_UNIMPLEMENTED  when there is no such instance, or its other side, having told all that it serves, does
 *                      not serve the service or the method
 *   MBR_MISMATCH       when the other side was built from another contract of the method
 *   MBR_BUSY           when as many calls as the line takes have been open for MBR_BRIDGE_WAIT_MS. Till then it
 *                      waits its turn, as while the line takes no more bytes, behind all that came before it;
 *                      its deadline and its being cancelled do not wait
 *
 * For hosts, as mbr/line.h. Needs of the peers that it lends to a schedule hook, as all transports here
 * have. */
#ifndef MBR_BRIDGE_H
#define MBR_BRIDGE_H

#include "mbr/line.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbr_bridge mbr_bridge;

/* How long a call waits for others to end at most, and how often it is looked for one besides when the line's
 * thread has something to do. */
#ifndef MBR_BRIDGE_WAIT_MS
#define MBR_BRIDGE_WAIT_MS 2000u
#endif
#ifndef MBR_BRIDGE_RETRY_MS
#define MBR_BRIDGE_RETRY_MS 5u
#endif

/* Items of one call that may be under way from the remote peer, however many its caller has asked for. */
#ifndef MBR_BRIDGE_WINDOW
#define MBR_BRIDGE_WINDOW 1024u
#endif

/* Streams of one instance's state that may be open at once. */
#ifndef MBR_BRIDGE_WATCHERS
#define MBR_BRIDGE_WATCHERS 256u
#endif

/* `service` is as the generated client knows it, and stays; `lines[i]` leads to the one that serves it as
 * instance i, and outlives the bridge. Any thread. NULL: memory is out, or there is no line. */
mbr_bridge *mbr_bridge_open(const mbr_remote_service *service, mbr_line *const *lines, uint16_t count);

/* Offers the service on a connection: in its connect function. Status as of mbr_peer_serve, or
 * MBR_NO_MEMORY. */
MBR_MUST_CHECK mbr_status mbr_bridge_lend(mbr_bridge *bridge, mbr_peer *peer);

/* Calls that are under way or wait. Any thread. */
size_t mbr_bridge_calls(mbr_bridge *bridge);

/* Frees the bridge. False, and nothing was freed: connections that it was lent to are not quiet, or a line
 * has yet to tell the other side of calls that have ended; call again. Not on a line's thread. */
bool mbr_bridge_close(mbr_bridge *bridge);

#ifdef __cplusplus
}
#endif
#endif
