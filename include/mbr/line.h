/* mbr/line.h — a link kept up over a file descriptor: the head unit's end of a serial line or socket.
 *
 * A line owns what mbr/link.h leaves to its user: the peer and its memory, a thread that polls, and the
 * reconnecting. It opens the descriptor, opens the peer, has its users serve services and open clients on
 * it, starts the link; and when the connection is lost, for whatever reason, does all of it again.
 *
 *   static mbr_status ready(void *arg, mbr_peer *peer) {       // for each connection, before its first frame
 *     return climate_client_open(&client, peer);
 *   }
 *   mbr_line *line = mbr_line_open(&(mbr_line_options){.open = open_uart, .connect = ready});
 *
 * A connection is lost when the descriptor comes to its end or fails, when the other side begins anew, and
 * when nothing was heard for lost_ms. A descriptor that has failed, or over which nothing is heard, is closed
 * and another one opened; but a silent terminal is kept, since to open it again may reset what is behind it.
 *
 * For hosts: needs POSIX threads, poll(), and takes its memory from malloc. */
#ifndef MBR_LINE_H
#define MBR_LINE_H

#include "mbr/executor.h"
#include "mbr/link.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mbr_line mbr_line;

typedef enum mbr_line_state {
  MBR_LINE_DOWN, /* trying to open the descriptor, or to reach the other side */
  MBR_LINE_UP    /* frames pass */
} mbr_line_state;

/* Zero stands for what is usual, where it says so. */
typedef struct mbr_line_options {
  void *arg; /* what the functions here are called with */

  /* Opens the way to the other side and returns its descriptor, a new one each time, which is the line's and
   * is closed with close(); negative: not now, try again after reopen_ms. A terminal is to be raw. On the
   * line's thread, which does nothing else meanwhile: do not wait long. */
  int (*open)(void *arg);

  /* Serves services and opens clients on the connection's peer, before its first frame; for each connection
   * anew. On the line's thread. Anything but MBR_OK gives this connection up; it is tried again after
   * reopen_ms. Other threads may make calls with its clients when they know that these were opened once:
   * `changed` has told so, or mbr_line_get_state has answered MBR_LINE_UP. May be NULL. */
  mbr_status (*connect)(void *arg, mbr_peer *peer);

  /* The connection has begun, or has ended. On the line's thread, outside any lock. What clients may call is
   * known a moment later, when the other side has told what it serves. May be NULL. */
  void (*changed)(void *arg, mbr_line_state state);

  /* Where handlers and receivers run; NULL: on the line's thread, where no blocking call may be made
   * (MBR_DEADLOCK) and one that takes long delays every frame. Outlives the line. */
  mbr_executor *executor;

  uint16_t calls;        /* made and served at once, each way: what the other side takes; 0: MBR_LINE_CALLS */
  uint16_t services;     /* served here; 0: MBR_LINE_SERVICES */
  uint32_t frame_max;    /* 0: MBR_LINE_FRAME_MAX */
  uint32_t retry_ms;     /* as mbr_link_config has them; 0: MBR_LINE_RETRY_MS */
  uint32_t lost_ms;      /* 0: MBR_LINE_LOST_MS */
  uint32_t reopen_ms;    /* between two attempts; 0: MBR_LINE_REOPEN_MS */
} mbr_line_options;

#ifndef MBR_LINE_CALLS
#define MBR_LINE_CALLS 64u
#endif
#ifndef MBR_LINE_SERVICES
#define MBR_LINE_SERVICES 8u
#endif
#ifndef MBR_LINE_FRAME_MAX
#define MBR_LINE_FRAME_MAX 65536u
#endif
#ifndef MBR_LINE_RETRY_MS
#define MBR_LINE_RETRY_MS 100u
#endif
#ifndef MBR_LINE_LOST_MS
#define MBR_LINE_LOST_MS 2000u
#endif
#ifndef MBR_LINE_REOPEN_MS
#define MBR_LINE_REOPEN_MS 500u
#endif

/* How long mbr_line_close waits for what others still hold of the connection. */
#ifndef MBR_LINE_CLOSE_MS
#define MBR_LINE_CLOSE_MS 1000u
#endif

/* Starts the line's thread; the options are copied. NULL: no memory, thread or pipe can be had, `open` is
 * missing, or the sizes and times are not as mbr_link_config wants them. */
mbr_line *mbr_line_open(const mbr_line_options *options);

/* Any thread. */
mbr_line_state mbr_line_get_state(mbr_line *line);

/* As told by mbr_link, over all connections; copied. Any thread. */
mbr_link_counters mbr_line_counters(mbr_line *line);

/* Ends the connection and the thread, waiting for both, and frees the line. Not on the line's thread. False,
 * and the line stays, ended: calls that were deferred have not been ended yet, handlers still run, or bridges
 * lead over it; call again. */
bool mbr_line_close(mbr_line *line);

/* What follows is for what uses a line besides the application, a bridge above all. */

/* All on the line's thread, outside any lock; none may be NULL. */
typedef struct mbr_line_user {
  /* Opens clients on a connection's peer: before its first frame, or when the user was added; what the other
   * side has told by then it tells again. As the application's `connect`. */
  mbr_status (*connect)(struct mbr_line_user *user, mbr_peer *peer);

  /* The other side serves a service of which this is the FNV-1a 32 of the name; or (0) has told all that it
   * serves. Clients have taken note of it. */
  void (*heard)(struct mbr_line_user *user, uint32_t service);

  /* The connection has ended; its peer is closed. */
  void (*lost)(struct mbr_line_user *user);

  /* Looks for what is due at `now` (mbr_clock_now) and returns when it is to be called next; called on each
   * of the thread's turns. */
  uint64_t (*poll)(struct mbr_line_user *user, uint64_t now);

  /* Lets go of the connection's peer, if there is one. False: not yet. */
  bool (*leave)(struct mbr_line_user *user);

  /* The line's. */
  struct mbr_line_user *next;
  bool is_leaving;
  bool has_left;
} mbr_line_user;

/* Adds a user, which must stay until mbr_line_remove has answered true. Any thread. */
void mbr_line_add(mbr_line *line, mbr_line_user *user);

/* Removes it, if it lets go; nothing of it is called any more then. Waits for the line's thread, and is not
 * to be called there. */
bool mbr_line_remove(mbr_line *line, mbr_line_user *user);

/* Has the thread take a turn. Any thread. */
void mbr_line_wake(mbr_line *line);

#ifdef __cplusplus
}
#endif
#endif
