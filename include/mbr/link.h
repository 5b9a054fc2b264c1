/* mbr/link.h — the frames of one connection over a byte stream that may lose, alter and invent bytes.
 *
 * A link is one end of such a line: a UART, a socket, a pipe. What the peer above it sends arrives at the
 * other side's peer once, whole and in order, or the connection ends. Nothing is allocated, nothing blocks,
 * nothing is global: memory is handed over at mbr_link_init, bytes come in by mbr_link_feed and leave by a
 * hook, and everything else happens in mbr_link_poll.
 *
 * Life, the same on both sides (neither is a master):
 *
 *   mbr_link_init ──▶ idle ── mbr_link_start ──▶ calling ── the other side answers ──▶ up
 *                      ▲                                                               │
 *                      └───── down(why): silence, no progress, the other side anew ────┘
 *
 *   idle     whatever comes is thrown away. The owner opens a peer, then starts the link with a fresh epoch.
 *   calling  the link tells its epoch until it hears that number from the other side.
 *   up       frames pass. A connection is one pair of epochs: what was sent in another one is ignored, so
 *            an answer to a call of an earlier life never meets a call of this one.
 *   down     the owner closes the peer, whose calls then end as disconnected; when the peer is quiet it
 *            opens it again and starts the link again. That is all there is to reconnecting.
 *
 * On the line a packet is  u8 kind · u8 sequence · u8 acknowledged · u32 session · frame · u32 CRC-32,
 * little endian, in COBS between two zero bytes. Packets with frames are numbered. At most
 * MBR_LINK_WINDOW are under way; a gap is told at once and everything from it on is sent again. The bytes
 * of a frame stay in the peer's outbox until the other side has acknowledged it: there is no second copy.
 *
 * Threads: mbr_link_feed belongs to one producer, an interrupt or a thread; all other functions, and every
 * hook, to the one thread that polls. They are not to be called from within a hook, but for mbr_link_start
 * from within `down`. */
#ifndef MBR_LINK_H
#define MBR_LINK_H

#include "mbr/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Packets under way at most: a power of two, up to 64. Costs twelve bytes each on a 32-bit machine. */
#ifndef MBR_LINK_WINDOW
#define MBR_LINK_WINDOW 8u
#endif

/* Refusals on their way to callers, a power of two; when there is no room for one, the other side repeats. */
#ifndef MBR_LINK_FAULTS
#define MBR_LINK_FAULTS 4u
#endif

/* Bytes given to the write hook at a time, at most; a host may want more. */
#ifndef MBR_LINK_CHUNK
#define MBR_LINK_CHUNK 64u
#endif

/* How the ring between mbr_link_feed and mbr_link_poll counts, and how one side sees what the other one did
 * before. Loads and stores must each be one access: on an 8-bit machine, a ring of at most 128 bytes with
 * uint8_t. Compilers without these built-ins get volatile and MBR_LINK_BARRIER, empty where it is not
 * defined: enough for an interrupt on the same core. */
#ifndef MBR_LINK_COUNT
#define MBR_LINK_COUNT uint32_t
#endif
#ifndef MBR_LINK_LOAD
#if defined(__GNUC__) || defined(__clang__)
#define MBR_LINK_LOAD(from) __atomic_load_n((from), __ATOMIC_ACQUIRE)
#define MBR_LINK_STORE(to, value) __atomic_store_n((to), (value), __ATOMIC_RELEASE)
#else
#ifndef MBR_LINK_BARRIER
#define MBR_LINK_BARRIER() ((void)0)
#endif
#define MBR_LINK_LOAD(from) mbr_link_load(from)
#define MBR_LINK_STORE(to, value) mbr_link_store((to), (value))
static inline MBR_LINK_COUNT mbr_link_load(const volatile MBR_LINK_COUNT *from) {
  MBR_LINK_COUNT value = *from;
  MBR_LINK_BARRIER();
  return value;
}
static inline void mbr_link_store(volatile MBR_LINK_COUNT *to, MBR_LINK_COUNT value) {
  MBR_LINK_BARRIER();
  *to = value;
}
#endif
#endif

/* The least `frame_max`: room for a fault with its whole text. */
#define MBR_LINK_FRAME_MIN (MBR_FRAME_HEADER_SIZE + 4u + 8u + MBR_FAULT_TEXT_MAX)

/* Bytes of a packet besides its frame, before COBS; the CRC is behind the frame. */
#define MBR_LINK_HEADER_SIZE 7u
#define MBR_LINK_CRC_SIZE 4u

/* What a link does not know how to do. */
typedef struct mbr_link_hooks {
  /* Sends as many of these bytes as can be taken now and returns how many; mbr_link_poll is to be called when
   * more can. */
  size_t (*write)(void *owner, const uint8_t *bytes, size_t size);

  /* Monotonic milliseconds. */
  uint64_t (*now)(void *owner);

  /* The connection has begun: frames pass from now on. May be NULL. */
  void (*up)(void *owner);

  /* The connection has ended; the link is idle and holds nothing of the peer's.
   *   MBR_DEADLINE      nothing was heard, or nothing acknowledged, for `lost_ms`
   *   MBR_DISCONNECTED  the other side has begun anew
   *   MBR_CLOSED        the peer above was closed, by a GOODBYE or here, and the link has come upon it
   * Close the peer here. When it is quiet (and this has been called), open it again and start again. Whoever
   * closes the peer at another time stops the link, too. */
  void (*down)(void *owner, mbr_status why);
} mbr_link_hooks;

/* Where frames come from and go to: a peer, by mbr_link_over_peer, or something that passes frames on.
 * The contracts are those of mbr_peer_receive, _outgoing, _consume and _hello; `consume` with size 0 may come
 * when no run is held. What `receive` refuses:
 *   MBR_CLOSED, whatever it was   the link goes down
 *   a CALL                        its caller is told the fault, over the link
 *   MBR_BUSY, anything else       it is not acknowledged, and comes again; until `lost_ms`
 *   otherwise                     the frame is dropped: a peer has ended the call it was for */
typedef struct mbr_link_above {
  mbr_status (*receive)(void *above, const uint8_t *frame, size_t size);
  size_t (*outgoing)(void *above, const uint8_t **frames);
  void (*consume)(void *above, size_t size);
  size_t (*hello)(void *above, uint16_t index, uint8_t *out, size_t capacity);
} mbr_link_above;

extern const mbr_link_above mbr_link_over_peer; /* `above` is the mbr_peer */

/* All of it constant, and valid for as long as the link is used. */
typedef struct mbr_link_config {
  const mbr_link_hooks *hooks;
  void *owner; /* what the hooks are called with */
  const mbr_link_above *calls;
  void *above; /* what `calls` are called with */

  /* The largest frame taken, at least MBR_LINK_FRAME_MIN, and where it is put together: 8-aligned,
   * frame_max + MBR_LINK_CRC_SIZE bytes. What both sides send is limited to the smaller frame_max of the two.
   * Where a frame of the peer's is larger, its call ends with the fault MBR_NO_MEMORY on both sides. */
  uint8_t *frame;
  uint32_t frame_max;

  /* Bytes from mbr_link_feed that wait for mbr_link_poll; a power of two. What comes too fast is lost, as on
   * the line. */
  uint8_t *ring;
  MBR_LINK_COUNT ring_size;

  /* One HELLO at a time while the connection begins; 8-aligned. A service with a larger one (see
   * mbr_peer_hello), or one larger than the limit on frames, is not known to the other side. */
  uint8_t *hello;
  uint32_t hello_size;

  /* How long to wait for an acknowledgement before sending again: for the longest frame to cross the line,
   * and for the acknowledgement to come back behind a longest frame. At 115200 baud and 512 bytes: 100. */
  uint32_t retry_ms;

  /* How long silence, or being heard and not understood, may last. Much longer than retry_ms, and at least 4;
   * the same on both sides. The link says that it is there four times in that time. */
  uint32_t lost_ms;
} mbr_link_config;

/* May be read on the polling thread, and counts over all connections. */
typedef struct mbr_link_counters {
  uint32_t sent;     /* frames, for the first time */
  uint32_t repeated; /* frames, again */
  uint32_t received; /* frames, given to the peer */
  uint32_t damaged;  /* packets that were thrown away */
  uint32_t oversize; /* frames and HELLOs that were above the limit, sent or received */
  uint32_t foreign;  /* attempts to connect with another protocol version or too small a frame_max */
  uint32_t refused;  /* calls */
  MBR_LINK_COUNT overrun; /* bytes for which there was no room in the ring; the producer's */
} mbr_link_counters;

typedef struct mbr_link mbr_link;

/* Makes the link idle. MBR_MISUSE: the configuration is not as described above. */
MBR_MUST_CHECK mbr_status mbr_link_init(mbr_link *link, const mbr_link_config *config);

/* Begins a connection: the peer above is open and nothing of it was sent. `epoch` tells this attempt from
 * every earlier one, those before a loss of power included: a random number, or a counter that is kept. A
 * board that has neither may always give the same when the other side does not. 0 counts as 1. Poll soon.
 * MBR_MISUSE: the link is not idle. */
MBR_MUST_CHECK mbr_status mbr_link_start(mbr_link *link, uint32_t epoch);

/* Ends the connection, without a `down`; the other side will miss it. */
void mbr_link_stop(mbr_link *link);

bool mbr_link_is_up(const mbr_link *link);

/* Takes bytes from the line and returns how many there was room for. Constant work for each, no lock:
 * callable from an interrupt. Poll soon. */
size_t mbr_link_feed(mbr_link *link, const uint8_t *bytes, size_t size);

/* Does everything that is due and returns when to be called next if nothing happens before; UINT64_MAX when
 * idle. To be called too when bytes were fed, when `write` can take more, and when the peer's `wake` says so.
 * Its work is bounded by the ring and the window. */
uint64_t mbr_link_poll(mbr_link *link);

/* What follows is the link's alone; it stands here so that the memory can be static. */

#define MBR_LINK_FRAME_LIMIT 0x7FFFFFFFu /* of frame_max, so that sums do not wrap */
#define MBR_LINK_FAULT_SIZE (MBR_FRAME_HEADER_SIZE + 4u + 8u)

/* A frame under way. */
struct mbr_link_sent {
  const uint8_t *frame; /* in the outbox, one of its blocks, `hello` or `faults` */
  uint32_t size;
  size_t end; /* of what was taken from the outbox up to here: see `taken` */
};

/* COBS and CRC of the packet being sent, and of the one that comes: see runtime/link/packet.h. */
struct mbr_link_encoder {
  uint8_t header[MBR_LINK_HEADER_SIZE];
  uint8_t stage;
  uint8_t run; /* bytes of the block still to be written */
  uint8_t tail[MBR_LINK_CRC_SIZE];
  const uint8_t *frame;
  uint32_t size; /* of the frame */
  uint32_t next; /* byte of the packet to be written */
};

struct mbr_link_decoder {
  uint8_t header[MBR_LINK_HEADER_SIZE];
  uint8_t left;  /* bytes of the block still to come */
  bool zero;     /* a zero stands before the next block */
  bool oversize; /* nothing more of it is kept */
  uint32_t size; /* of the packet so far; at its end, of its frame */
  uint32_t crc;
};

/* What is small and often used comes first: short instructions reach it. */
struct mbr_link {
  uint8_t state;
  uint8_t expected;     /* sequence of the next frame to be received */
  uint8_t base;         /* sequence of the oldest frame under way */
  uint8_t under_way;    /* frames */
  uint8_t cursor;       /* of these, sent since the last going back */
  uint8_t acknowledged; /* as the other side told last: from base up to here they can go */
  bool go_back;
  bool owes_ack;
  bool owes_nak;
  uint8_t fault_first, fault_sent, fault_end; /* in `faults`; they count on and are taken modulo */
  uint16_t hello_next; /* index of the service to be told; UINT16_MAX: all are */

  const mbr_link_config *config;
  uint32_t now; /* of this poll, as all times here: milliseconds modulo 2^32 */
  uint32_t heard_at;
  uint32_t spoke_at;
  uint32_t moved_at; /* the last acknowledgement of something new */
  uint32_t sent_at;  /* the last SYN, or byte of a frame, or moved_at */
  uint32_t nak_at;
  uint32_t epoch;
  uint32_t other; /* the epoch of the other side; 0: not heard */
  uint32_t limit; /* on frames, both ways */
  size_t taken;   /* bytes taken from the outbox, and given back to it: they count on */
  size_t consumed;
  uint32_t chunk_at, chunk_end;
  MBR_LINK_COUNT ring_head; /* stored by the producer alone */
  MBR_LINK_COUNT ring_tail; /* stored by the poller alone */

  mbr_link_counters counters;

  struct mbr_link_decoder in;
  struct mbr_link_encoder out;
  struct mbr_link_sent window[MBR_LINK_WINDOW];         /* by sequence */
  uint8_t faults[MBR_LINK_FAULTS][MBR_LINK_FAULT_SIZE]; /* while calling, the first one is the SYN */
  uint8_t chunk[MBR_LINK_CHUNK];
};

#ifdef __cplusplus
}
#endif
#endif
