/* mbr/core.h — all of the runtime's core: what generated code includes. Where the runtime was vendored this one
 * file holds the others, and they are not there by themselves. */
#ifndef MBR_CORE_H
#define MBR_CORE_H

/* Each after what it needs: they are put together in this order. */
#include "mbr/version.h"
#include "mbr/status.h"
#include "mbr/wire.h"
#include "mbr/small.h"
#include "mbr/frame.h"
#include "mbr/executor.h"
#include "mbr/peer.h"
#include "mbr/request.h"
#include "mbr/topic.h"
#include "mbr/transport.h"
#include "mbr/memory.h"

#endif
