/* mbr/memory.h — memory for peers that is set aside when the program is built: no heap, no guessing.
 *
 * Sizes come from the contract: `mbrc --profile firmware` writes them into the header of each service. A peer
 * that serves one, up to four calls at a time, and makes none:
 *
 *   MBR_PEER_STATIC_MEMORY(memory, 1, 4, 0, SERVICE_STORAGE_SIZE,
 *                          MBR_OUTBOX_SIZE(4, SERVICE_ENDING_ROOM, SERVICE_ANSWER_MAX));
 *   …
 *   mbr_peer_open(&peer, &memory, &hooks, NULL); */
#ifndef MBR_MEMORY_H
#define MBR_MEMORY_H

#include "mbr/transport.h"

/* Indices that the other side may give to its calls; each costs two bytes. Calls with higher ones are refused as
 * BUSY, however few are open, so this is no less than what the other side may have open, here or elsewhere. */
#ifndef MBR_STATIC_CALLERS
#define MBR_STATIC_CALLERS 64u
#endif

#define MBR_ROUND_16(size) (((size) + 15u) / 16u * 16u)
#define MBR_AT_LEAST_ONE(count) ((count) > 0u ? (count) : 1u)

/* What a call takes of a slot's storage, a multiple of 16: the payload of its CALL, the arena that what is
 * decoded from it takes, and where its result is a stream two buffers for items of `item` bytes, which may take
 * half of it. */
#define MBR_RECORD_SIZE(payload) MBR_ROUND_16(MBR_FRAME_HEADER_SIZE + (payload))
#define MBR_STORAGE_SIZE(call, arena, item)                                               \
  ((item) != 0u && MBR_STORAGE_KEPT(call, arena) < 2u * MBR_RECORD_SIZE(item)             \
     ? 4u * MBR_RECORD_SIZE(item)                                                         \
     : MBR_STORAGE_KEPT(call, arena) + ((item) != 0u ? 2u * MBR_RECORD_SIZE(item) : 0u))
#define MBR_STORAGE_KEPT(call, arena) \
  MBR_ROUND_16(MBR_ARENA_ROUND(MBR_FRAME_HEADER_SIZE + (call)) + (arena))

/* An outbox for `calls` calls open at once that are each promised `ending` bytes (_ENDING_ROOM), and frames of up
 * to `frame` bytes: a service's _ANSWER_MAX, or _REQUEST_MAX where it is called. */
#define MBR_OUTBOX_SIZE(calls, ending, frame) \
  MBR_POWER_OF_TWO(((calls) + 1u) * (ending) / 3u * 4u + 4u, 4u * MBR_ROUND_16(frame))
#define MBR_POWER_OF_TWO(a, b)                                                                    \
  (MBR_FITS(a, b, 0x200u) : MBR_FITS(a, b, 0x400u) : MBR_FITS(a, b, 0x800u)                       \
   : MBR_FITS(a, b, 0x1000u) : MBR_FITS(a, b, 0x2000u) : MBR_FITS(a, b, 0x4000u)                  \
   : MBR_FITS(a, b, 0x8000u) : MBR_FITS(a, b, 0x10000u) : MBR_FITS(a, b, 0x20000u)                \
   : MBR_FITS(a, b, 0x40000u) : MBR_FITS(a, b, 0x80000u) : MBR_FITS(a, b, 0x100000u)              \
   : MBR_FITS(a, b, 0x200000u) : 0x400000u)
#define MBR_FITS(a, b, size) (a) <= (size) && (b) <= (size) ? (size)

#ifndef MBR_ALIGNED_16
#if defined(__cplusplus)
#define MBR_ALIGNED_16 alignas(16)
#elif defined(__GNUC__) || defined(__clang__)
#define MBR_ALIGNED_16 __attribute__((aligned(16)))
#elif defined(_MSC_VER)
#define MBR_ALIGNED_16 __declspec(align(16))
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define MBR_ALIGNED_16 _Alignas(16)
#else
#error "define MBR_ALIGNED_16: what makes a variable 16-aligned"
#endif
#endif

/* Declares `name`, a constant mbr_peer_memory, with memory for a peer that serves `services` services with up
 * to `calls` calls open at once, each with `storage` bytes, that makes up to `requests` calls at once, and sends
 * through an outbox of `outbox` bytes. At file scope; where a peer serves several services, with the largest
 * of their sizes. */
#define MBR_PEER_STATIC_MEMORY(name, services, calls_, requests_, storage_, outbox_)                       \
  static struct mbr_slot name##_slots[calls_];                                                             \
  static uint16_t name##_calls[MBR_STATIC_CALLERS];                                                        \
  static struct mbr_binding name##_bindings[MBR_AT_LEAST_ONE(services)];                                   \
  static struct mbr_asked name##_requests[MBR_AT_LEAST_ONE(requests_)];                                    \
  MBR_ALIGNED_16 static uint8_t name##_storage[(calls_) * MBR_ROUND_16(storage_)];                         \
  MBR_ALIGNED_16 static uint8_t name##_outbox[outbox_];                                                    \
  static const mbr_peer_memory name = {                                                                    \
    name##_slots,    (calls_),    name##_calls, MBR_STATIC_CALLERS, name##_bindings, (services),            \
    name##_requests, (requests_), NULL,         0,                  name##_storage,  MBR_ROUND_16(storage_), \
    name##_outbox,   (outbox_)}

#endif
