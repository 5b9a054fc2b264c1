/* mbrc has the version of the runtime that goes with it. */
#ifndef COMPILER_VERSION_H
#define COMPILER_VERSION_H

#include "../include/mbr/version.h"

#define MBRC_VERSION MBR_VERSION

#endif
