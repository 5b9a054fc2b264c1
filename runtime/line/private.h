/* runtime/line/private.h — what the parts of a line share: line.c its life and its users, thread.c the loop
 * and what it is to do when, connection.c the descriptor and one connection after the other, hooks.c what the
 * peer asks for.
 *
 * The line's thread has for itself what stands under `thread's own`. Locks: the peer's may be held when the
 * line's is taken, never the other way round. */
#ifndef MBR_RUNTIME_LINE_PRIVATE_H
#define MBR_RUNTIME_LINE_PRIVATE_H

#include <pthread.h>

#include "../exec/clock.h"
#include "mbr/line.h"

/* Bytes read at a time, and written. The first is a power of two. */
#ifndef MBR_LINE_READ
#define MBR_LINE_READ 4096u
#endif
#ifndef MBR_LINE_WRITE
#define MBR_LINE_WRITE 4096u
#endif

/* What the peer has besides `calls`: bytes for the arguments of each call served, larger ones take a block of
 * their own; frames that wait for the link; indices of calls that the other side may make, more of which than
 * are served are told to be too many. */
#ifndef MBR_LINE_STORAGE
#define MBR_LINE_STORAGE 512u
#endif
#ifndef MBR_LINE_OUTBOX
#define MBR_LINE_OUTBOX 65536u
#endif
#ifndef MBR_LINE_CALLERS
#define MBR_LINE_CALLERS 1024u
#endif

/* Services of the other side that are remembered for users that are added while a connection lasts. */
#ifndef MBR_LINE_HELLOS
#define MBR_LINE_HELLOS 64u
#endif

/* A HELLO of the other side, kept for users that are added later. */
typedef struct mbr_line_hello {
  struct mbr_line_hello *next;
  uint32_t size;
  uint8_t frame[];
} mbr_line_hello;

struct mbr_line {
  mbr_peer peer; /* and its lock: for good, see line.c */
  pthread_mutex_t peer_lock;
  pthread_cond_t answered; /* with peer_lock: something happened that blocking calls may wait for */
  pthread_mutex_t lock;
  pthread_cond_t changed; /* with lock: the thread has ended, the peer is quiet, a user has left or not */
  struct mbr_line *next_unused;

  /* Constant while the line is open. */
  mbr_line_options options;
  mbr_link_config config;
  mbr_peer_memory memory;
  pthread_t thread;
  int wake_in, wake_out; /* a pipe */

  /* Under `lock`. */
  mbr_task *first, *last;
  mbr_line_user *joining;
  uint64_t due; /* when mbr_peer_poll is to be called */
  mbr_line_state state;
  mbr_link_counters counters;
  bool pending; /* something to look at before the thread may sleep */
  bool asleep;
  bool quiet;
  bool stopping;
  bool joined;
  bool ended;

  /* The thread's own. */
  mbr_line_user *users;
  mbr_line_hello *hellos;
  mbr_link link;
  uint32_t epoch;
  int descriptor; /* negative: none */
  bool is_terminal;
  bool is_connected; /* the peer is open and the link started */
  bool is_up;
  bool is_told;       /* all that the other side serves */
  bool is_silent;     /* a connection was lost, and another descriptor may help */
  bool is_broken;     /* the descriptor has failed */
  bool is_blocked;    /* bytes wait until it takes more */
  uint64_t again_at;  /* not before that is the descriptor opened, or a connection begun */
  uint64_t opened_at;
  uint64_t heard_at;  /* the last HELLO, or the beginning of the connection */
  uint64_t next_poll; /* of the link */
  size_t out_at, out_end;
  uint8_t out[MBR_LINE_WRITE];
};

extern const mbr_hooks mbr_line_hooks;

/* Under `lock`: there is something for the thread to look at. */
void mbr_line_nudge(mbr_line *line);

/* The thread. */
void *mbr_line_run(void *line);

/* On the thread: runs what is queued; what that submits waits for the next turn, so that bytes have theirs.
 * Whether there was anything. */
bool mbr_line_run_tasks(mbr_line *line);

/* Users that were added or are to be removed. */
void mbr_line_admit(mbr_line *line);

/* What a connection does at `now`: the descriptor is opened, the peer too, bytes are moved. When to come
 * again. `ready`: the descriptor is to be looked at; `hung_up`: its other end is gone. */
uint64_t mbr_line_move(mbr_line *line, uint64_t now, bool ready, bool hung_up);

/* Ends the connection, if there is one, and closes the descriptor. */
void mbr_line_drop(mbr_line *line);

/* A user joins the connection, if there is one. */
void mbr_line_join(mbr_line *line, mbr_line_user *user);

/* What hangs on the link: init wants `config` but for this. */
extern const mbr_link_hooks mbr_line_link_hooks;
extern const mbr_link_above mbr_line_above;

#endif
