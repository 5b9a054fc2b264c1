/* The three services of this data layer. Each one offers itself on a connection; its streams are fed by
 * that connection's ticker. */
#ifndef IVI_SERVICES_H
#define IVI_SERVICES_H

#include "ticker.h"

mbr_status cabin_serve(mbr_peer *peer, ticker *t);
mbr_status powertrain_serve(mbr_peer *peer, ticker *t);
mbr_status machine_serve(mbr_peer *peer, ticker *t);

#endif
