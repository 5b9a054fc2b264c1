/* Bytes of the runtime's own structs, of which a peer's memory is made: X(name, ilp32, lp64). Written by
 * `make runtime-sizes`. */
#ifndef COMPILER_EXPLAIN_RUNTIME_SIZES_H
#define COMPILER_EXPLAIN_RUNTIME_SIZES_H

#define RUNTIME_SIZES(X) \
  X(mbr_asked, 128, 184) \
  X(mbr_binding, 32, 64) \
  X(mbr_link, 432, 552) \
  X(mbr_peer, 592, 1032) \
  X(mbr_slot, 216, 352)

#endif
