/* mbr/version.h — which version of the runtime this is. Generated code takes no other one than that of the mbrc
 * which wrote it. */
#ifndef MBR_VERSION_H
#define MBR_VERSION_H

#define MBR_VERSION_MAJOR 0
#define MBR_VERSION_MINOR 1
#define MBR_VERSION_PATCH 0

#define MBR_VERSION_NUMBER (MBR_VERSION_MAJOR * 10000 + MBR_VERSION_MINOR * 100 + MBR_VERSION_PATCH)

#define MBR_VERSION_TEXT(major, minor, patch) #major "." #minor "." #patch
#define MBR_VERSION_OF(major, minor, patch) MBR_VERSION_TEXT(major, minor, patch)
#define MBR_VERSION MBR_VERSION_OF(MBR_VERSION_MAJOR, MBR_VERSION_MINOR, MBR_VERSION_PATCH)

#endif
