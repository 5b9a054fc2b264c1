/* The contract's handlers. They run in the main loop, between its other turns. */
#ifndef SERVICE_H
#define SERVICE_H

#include "cabin_climate.h"
#include "mbr/link.h"

/* What `health` tells of the main loop and the link, which are not the service's own. */
typedef struct service_report {
  uint32_t turn_max_us;
  const mbr_link_counters *link;
} service_report;

/* Offers the service on a new connection. `report` is asked for by `health`. */
MBR_MUST_CHECK mbr_status service_connect(mbr_peer *peer, service_report (*report)(void));

/* After each control step: tells those who listen. */
void service_step(void);

#endif
