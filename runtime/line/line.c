/* Lines from their opening to their closing, and who uses them.
 *
 * A peer and its lock stay for good, to be used by the next line: a topic of the application may know calls
 * of a connection that has gone, as it may with any transport. */
#include "private.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a call's ending keeps of the outbox at least, so that its size can follow from the number of calls. */
#define ENDING_ROOM 256u

#define ALIGNMENT 16u

static pthread_mutex_t unused_lock = PTHREAD_MUTEX_INITIALIZER;
static mbr_line *unused;

static bool init_locks(mbr_line *line) {
  const bool peer_lock = pthread_mutex_init(&line->peer_lock, NULL) == 0;
  const bool lock = pthread_mutex_init(&line->lock, NULL) == 0;
  const bool answered = mbr_clock_init_condition(&line->answered) == 0;
  const bool changed = mbr_clock_init_condition(&line->changed) == 0;
  if (peer_lock && lock && answered && changed) return true;
  if (peer_lock) pthread_mutex_destroy(&line->peer_lock);
  if (lock) pthread_mutex_destroy(&line->lock);
  if (answered) pthread_cond_destroy(&line->answered);
  if (changed) pthread_cond_destroy(&line->changed);
  return false;
}

static mbr_line *make_line(void) {
  mbr_line *line = calloc(1, sizeof *line);
  if (line != NULL && !init_locks(line)) {
    free(line);
    line = NULL;
  }
  return line;
}

static mbr_line *take_unused(void) {
  pthread_mutex_lock(&unused_lock);
  mbr_line *line = unused;
  if (line != NULL) unused = line->next_unused;
  pthread_mutex_unlock(&unused_lock);
  return line != NULL ? line : make_line();
}

static void free_memory(mbr_line *line) {
  free(line->memory.slots);
  free(line->memory.calls);
  free(line->memory.bindings);
  free(line->memory.requests);
  free(line->memory.storage);
  free(line->memory.outbox);
  free(line->config.frame);
  free(line->config.ring);
  free(line->config.hello);
}

static void give_back(mbr_line *line) {
  free_memory(line);
  if (line->wake_in >= 0) (void)close(line->wake_in);
  if (line->wake_out >= 0) (void)close(line->wake_out);
  pthread_mutex_lock(&unused_lock);
  line->next_unused = unused;
  unused = line;
  pthread_mutex_unlock(&unused_lock);
}

static size_t outbox_size(size_t calls) {
  size_t size = MBR_LINE_OUTBOX;
  while (size < (calls + 1u) * ENDING_ROOM * 2u) size *= 2u;
  return size;
}

static bool take_peer_memory(mbr_line *line) {
  const uint16_t calls = line->options.calls, services = line->options.services;
  const uint16_t callers = calls > MBR_LINE_CALLERS ? calls : (uint16_t)MBR_LINE_CALLERS;
  mbr_peer_memory *memory = &line->memory;
  *memory = (mbr_peer_memory){
    .slots = calloc(calls, sizeof(struct mbr_slot)),
    .slot_count = calls,
    .calls = calloc(callers, sizeof(uint16_t)),
    .call_count = callers,
    .bindings = calloc(services, sizeof(struct mbr_binding)),
    .binding_count = services,
    .requests = calloc(calls, sizeof(struct mbr_asked)),
    .request_count = calls,
    .storage_size = (MBR_LINE_STORAGE + ALIGNMENT - 1u) / ALIGNMENT * ALIGNMENT,
    .outbox_size = outbox_size(calls),
  };
  memory->storage = calloc(calls, memory->storage_size);
  memory->outbox = calloc(1, memory->outbox_size);
  return memory->slots != NULL && memory->calls != NULL && memory->bindings != NULL &&
         memory->requests != NULL && memory->storage != NULL && memory->outbox != NULL;
}

static bool take_link_memory(mbr_line *line) {
  const uint32_t frame_max = line->options.frame_max;
  line->config = (mbr_link_config){
    .hooks = &mbr_line_link_hooks,
    .owner = line,
    .calls = &mbr_line_above,
    .above = line,
    .frame = malloc((size_t)frame_max + MBR_LINK_CRC_SIZE),
    .frame_max = frame_max,
    .ring = malloc(MBR_LINE_READ),
    .ring_size = MBR_LINE_READ,
    .hello = malloc(frame_max),
    .hello_size = frame_max,
    .retry_ms = line->options.retry_ms,
    .lost_ms = line->options.lost_ms,
  };
  const bool complete = line->config.frame != NULL && line->config.ring != NULL && line->config.hello != NULL;
  return complete && mbr_link_init(&line->link, &line->config) == MBR_OK;
}

static bool set_flags(int descriptor) {
  return fcntl(descriptor, F_SETFL, O_NONBLOCK) >= 0 && fcntl(descriptor, F_SETFD, FD_CLOEXEC) >= 0;
}

static bool open_pipe(mbr_line *line) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  line->wake_in = ends[0];
  line->wake_out = ends[1];
  return set_flags(ends[0]) && set_flags(ends[1]);
}

/* Different in each process, as far as the system has random numbers to give; connections count on from
 * it. */
static uint32_t first_epoch(void) {
  struct timespec now;
  uint32_t random = 0;
  clock_gettime(CLOCK_REALTIME, &now);
  const int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (source >= 0) {
    const ssize_t size = read(source, &random, sizeof random);
    (void)size; /* the clock and the process have to do then */
    (void)close(source);
  }
  return random ^ (uint32_t)now.tv_nsec ^ (uint32_t)now.tv_sec * 2654435761u ^ (uint32_t)getpid() << 16;
}

static uint32_t usual(uint32_t value, uint32_t otherwise) { return value != 0 ? value : otherwise; }

static void init(mbr_line *line, const mbr_line_options *options) {
  line->options = *options;
  line->options.calls = (uint16_t)usual(options->calls, MBR_LINE_CALLS);
  line->options.services = (uint16_t)usual(options->services, MBR_LINE_SERVICES);
  line->options.frame_max = usual(options->frame_max, MBR_LINE_FRAME_MAX);
  line->options.retry_ms = usual(options->retry_ms, MBR_LINE_RETRY_MS);
  line->options.lost_ms = usual(options->lost_ms, MBR_LINE_LOST_MS);
  line->options.reopen_ms = usual(options->reopen_ms, MBR_LINE_REOPEN_MS);
  line->wake_in = line->wake_out = -1;
  line->first = line->last = NULL;
  line->joining = line->users = NULL;
  line->due = MBR_CLOCK_NEVER;
  line->state = MBR_LINE_DOWN;
  line->counters = (mbr_link_counters){0};
  line->pending = line->asleep = line->stopping = line->joined = line->ended = false;
  line->quiet = true;
  line->hellos = NULL;
  line->epoch = first_epoch();
  line->descriptor = -1;
  line->is_terminal = line->is_connected = line->is_up = line->is_told = false;
  line->is_silent = line->is_broken = line->is_blocked = false;
  line->again_at = line->opened_at = line->heard_at = 0;
  line->next_poll = MBR_CLOCK_NEVER;
  line->out_at = line->out_end = 0;
}

/* Its thread takes no signals: those are for the application's own. But for what a thread does to itself, which
 * whoever reports crashes wants to know of. */
static bool start_thread(mbr_line *line) {
  static const int faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
  sigset_t others, before;
  sigfillset(&others);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&others, faults[i]);
  if (pthread_sigmask(SIG_SETMASK, &others, &before) != 0) return false;
  pthread_mutex_lock(&line->lock);
  const bool started = pthread_create(&line->thread, NULL, mbr_line_run, line) == 0;
  pthread_mutex_unlock(&line->lock);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

mbr_line *mbr_line_open(const mbr_line_options *options) {
  if (options->open == NULL) return NULL;
  mbr_line *line = take_unused();
  if (line == NULL) return NULL;
  init(line, options);
  const bool memory = take_peer_memory(line);
  if (take_link_memory(line) && memory && open_pipe(line) && start_thread(line)) return line;
  give_back(line);
  return NULL;
}

mbr_line_state mbr_line_get_state(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  const mbr_line_state state = line->state;
  pthread_mutex_unlock(&line->lock);
  return state;
}

mbr_link_counters mbr_line_counters(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  const mbr_link_counters counters = line->counters;
  pthread_mutex_unlock(&line->lock);
  return counters;
}

void mbr_line_wake(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  mbr_line_nudge(line);
  pthread_mutex_unlock(&line->lock);
}

void mbr_line_add(mbr_line *line, mbr_line_user *user) {
  pthread_mutex_lock(&line->lock);
  user->is_leaving = user->has_left = false;
  user->next = line->joining;
  line->joining = user;
  mbr_line_nudge(line);
  pthread_mutex_unlock(&line->lock);
}

static void unlink_user(mbr_line_user **list, const mbr_line_user *user) {
  while (*list != NULL && *list != user) list = &(*list)->next;
  if (*list != NULL) *list = user->next;
}

static void admit_joining(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  mbr_line_user *joining = line->joining;
  line->joining = NULL;
  pthread_mutex_unlock(&line->lock);
  while (joining != NULL) {
    mbr_line_user *user = joining;
    joining = user->next;
    user->next = line->users;
    line->users = user;
    mbr_line_join(line, user);
  }
}

static bool wants_to_leave(mbr_line *line, const mbr_line_user *user) {
  pthread_mutex_lock(&line->lock);
  const bool answer = user->is_leaving;
  pthread_mutex_unlock(&line->lock);
  return answer;
}

/* The user may be gone as soon as it is told. */
static void tell_verdict(mbr_line *line, mbr_line_user *user, bool has_left) {
  pthread_mutex_lock(&line->lock);
  user->has_left = has_left;
  user->is_leaving = false;
  pthread_cond_broadcast(&line->changed);
  pthread_mutex_unlock(&line->lock);
}

void mbr_line_admit(mbr_line *line) {
  admit_joining(line);
  mbr_line_user *next = line->users;
  while (next != NULL) {
    mbr_line_user *user = next;
    next = user->next;
    if (!wants_to_leave(line, user)) continue;
    const bool leaves = user->leave(user);
    if (leaves) unlink_user(&line->users, user);
    tell_verdict(line, user, leaves);
  }
}

/* Under the lock, which is released while the user lets go: the thread has ended. */
static void remove_here(mbr_line *line, mbr_line_user *user) {
  pthread_mutex_unlock(&line->lock);
  user->has_left = user->leave(user);
  pthread_mutex_lock(&line->lock);
  if (!user->has_left) return;
  unlink_user(&line->users, user);
  unlink_user(&line->joining, user);
}

bool mbr_line_remove(mbr_line *line, mbr_line_user *user) {
  pthread_mutex_lock(&line->lock);
  user->has_left = false;
  user->is_leaving = true;
  mbr_line_nudge(line);
  while (user->is_leaving && !line->ended) pthread_cond_wait(&line->changed, &line->lock);
  if (user->is_leaving) remove_here(line, user);
  user->is_leaving = false;
  const bool has_left = user->has_left;
  pthread_mutex_unlock(&line->lock);
  return has_left;
}

static void stop_thread(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  const bool joined = line->joined;
  line->stopping = line->joined = true;
  mbr_line_nudge(line);
  pthread_mutex_unlock(&line->lock);
  if (!joined) (void)pthread_join(line->thread, NULL);
}

bool mbr_line_close(mbr_line *line) {
  stop_thread(line);
  const uint64_t limit = mbr_clock_now() + MBR_LINE_CLOSE_MS;
  pthread_mutex_lock(&line->lock);
  while (!line->quiet && mbr_clock_now() < limit) mbr_clock_wait(&line->changed, &line->lock, limit);
  const bool is_free = line->quiet && line->users == NULL && line->joining == NULL;
  pthread_mutex_unlock(&line->lock);
  if (is_free) give_back(line);
  return is_free;
}
