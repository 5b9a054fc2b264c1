/* The descriptor of a line and one connection after the other over it. All of it on the line's thread. */
#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes are read so many times at most before others have their turn. */
#define READS_MAX 16u

/* From the end of its connection's beginning on the other side tells what it serves, one service at a
 * time: the next when the last one was acknowledged, which takes it `lost_ms` at most, as does the next to
 * be sent. */
#define TELLING_MAX 2u

#define HELLO_NAME_AT (MBR_FRAME_HEADER_SIZE + 4u)

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void set_state(mbr_line *line, mbr_line_state state) {
  pthread_mutex_lock(&line->lock);
  line->state = state;
  pthread_mutex_unlock(&line->lock);
  if (line->options.changed != NULL) line->options.changed(line->options.arg, state);
}

static void tell_users(mbr_line *line, uint32_t service) {
  for (mbr_line_user *user = line->users; user != NULL; user = user->next) user->heard(user, service);
}

static void tell_all_heard(mbr_line *line) {
  line->is_told = true;
  tell_users(line, 0);
}

static uint32_t service_of(const uint8_t *hello) { return mbr_get_u32(hello + HELLO_NAME_AT); }

/* What is kept of the service is let go. False: too many are kept besides. */
static bool make_place(mbr_line *line, uint32_t service) {
  unsigned kept = 0;
  for (mbr_line_hello **link = &line->hellos; *link != NULL;) {
    mbr_line_hello *hello = *link;
    if (service_of(hello->frame) != service) {
      kept++;
      link = &hello->next;
      continue;
    }
    *link = hello->next;
    free(hello);
  }
  return kept < MBR_LINE_HELLOS;
}

/* Without memory, users that come later do not know the service. */
static void keep_hello(mbr_line *line, const uint8_t *frame, size_t size) {
  if (!make_place(line, service_of(frame))) return;
  mbr_line_hello *hello = malloc(sizeof *hello + size);
  if (hello == NULL) return;
  memcpy(hello->frame, frame, size);
  hello->size = (uint32_t)size;
  hello->next = line->hellos;
  line->hellos = hello;
}

static void forget_hellos(mbr_line *line) {
  while (line->hellos != NULL) {
    mbr_line_hello *hello = line->hellos;
    line->hellos = hello->next;
    free(hello);
  }
}

/* What is above the link is the line's peer, but that what the other side serves is overheard; and calls are
 * not too many as long as it is only this thread that has not come to them. */
static mbr_status receive(void *above, const uint8_t *frame, size_t size) {
  mbr_line *line = above;
  mbr_status status = mbr_peer_receive(&line->peer, frame, size);
  if (status == MBR_BUSY && mbr_line_run_tasks(line)) status = mbr_peer_receive(&line->peer, frame, size);
  if (frame[4] != MBR_FRAME_HELLO) {
    if (!line->is_told) tell_all_heard(line);
  } else if (status == MBR_OK) {
    line->heard_at = mbr_clock_now();
    keep_hello(line, frame, size);
    tell_users(line, service_of(frame));
  }
  return status;
}

static size_t outgoing(void *above, const uint8_t **frames) {
  return mbr_peer_outgoing(&((mbr_line *)above)->peer, frames);
}

static void consume(void *above, size_t size) { mbr_peer_consume(&((mbr_line *)above)->peer, size); }

static size_t hello(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  return mbr_peer_hello(&((mbr_line *)above)->peer, index, out, capacity);
}

const mbr_link_above mbr_line_above = {receive, outgoing, consume, hello};

/* Writes what is buffered, as far as it goes. Whether there is room again. */
static bool flush(mbr_line *line) {
  while (line->out_at != line->out_end && !line->is_broken) {
    const ssize_t size = write(line->descriptor, line->out + line->out_at, line->out_end - line->out_at);
    if (size >= 0) {
      line->out_at += (size_t)size;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      line->is_blocked = true;
      return false;
    } else if (errno != EINTR) {
      line->is_broken = true;
    }
  }
  line->is_blocked = false;
  line->out_at = line->out_end = 0;
  return !line->is_broken;
}

static size_t write_hook(void *owner, const uint8_t *bytes, size_t size) {
  mbr_line *line = owner;
  size_t taken = 0;
  while (taken < size) {
    const size_t room = sizeof line->out - line->out_end;
    const size_t part = size - taken < room ? size - taken : room;
    memcpy(line->out + line->out_end, bytes + taken, part);
    line->out_end += part;
    taken += part;
    if (taken < size && !flush(line)) break;
  }
  return taken;
}

static uint64_t now_hook(void *owner) {
  (void)owner;
  return mbr_clock_now();
}

static void up_hook(void *owner) {
  mbr_line *line = owner;
  line->is_up = true;
  line->heard_at = mbr_clock_now();
  set_state(line, MBR_LINE_UP);
}

/* The link is idle, or was never started. */
static void end_connection(mbr_line *line) {
  const bool was_up = line->is_up;
  line->is_connected = line->is_up = line->is_told = false;
  mbr_peer_close(&line->peer);
  forget_hellos(line);
  for (mbr_line_user *user = line->users; user != NULL; user = user->next) user->lost(user);
  if (was_up) set_state(line, MBR_LINE_DOWN);
}

static void down_hook(void *owner, mbr_status why) {
  mbr_line *line = owner;
  line->is_silent = why == MBR_DEADLINE;
  end_connection(line);
}

const mbr_link_hooks mbr_line_link_hooks = {write_hook, now_hook, up_hook, down_hook};

void mbr_line_drop(mbr_line *line) {
  if (line->is_connected) {
    mbr_link_stop(&line->link);
    end_connection(line);
  }
  if (line->descriptor < 0) return;
  (void)close(line->descriptor);
  line->descriptor = -1;
  line->out_at = line->out_end = 0;
  line->is_blocked = line->is_broken = line->is_silent = false;
  line->again_at = line->opened_at + line->options.reopen_ms;
}

static bool make_nonblocking(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0 &&
         fcntl(descriptor, F_SETFD, FD_CLOEXEC) >= 0;
}

static void open_descriptor(mbr_line *line, uint64_t now) {
  line->opened_at = now;
  line->again_at = now + line->options.reopen_ms;
  line->descriptor = line->options.open(line->options.arg);
  if (line->descriptor < 0) return;
  if (!make_nonblocking(line->descriptor)) {
    mbr_line_drop(line);
    return;
  }
  line->is_terminal = isatty(line->descriptor) == 1;
  line->again_at = now;
}

static mbr_status connect_users(mbr_line *line) {
  mbr_status status = MBR_OK;
  for (mbr_line_user *user = line->users; user != NULL && status == MBR_OK; user = user->next) {
    status = user->connect(user, &line->peer);
  }
  if (status != MBR_OK || line->options.connect == NULL) return status;
  return line->options.connect(line->options.arg, &line->peer);
}

static bool is_quiet(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  const bool quiet = line->quiet;
  pthread_mutex_unlock(&line->lock);
  return quiet;
}

static void begin_connection(mbr_line *line, uint64_t now) {
  pthread_mutex_lock(&line->lock);
  line->quiet = false;
  pthread_mutex_unlock(&line->lock);
  mbr_status status = mbr_peer_open(&line->peer, &line->memory, &mbr_line_hooks, line);
  if (status == MBR_OK) status = connect_users(line);
  if (status == MBR_OK) status = mbr_link_start(&line->link, ++line->epoch);
  line->is_connected = status == MBR_OK;
  line->heard_at = now;
  if (status == MBR_OK) return;
  end_connection(line);
  line->again_at = now + line->options.reopen_ms;
}

void mbr_line_join(mbr_line *line, mbr_line_user *user) {
  if (!line->is_connected) return;
  if (user->connect(user, &line->peer) != MBR_OK) return;
  for (const mbr_line_hello *known = line->hellos; known != NULL; known = known->next) {
    if (mbr_peer_receive(&line->peer, known->frame, known->size) != MBR_OK) return;
    user->heard(user, service_of(known->frame));
  }
  if (line->is_told) user->heard(user, 0);
}

static void poll_link(mbr_line *line) {
  line->next_poll = mbr_link_poll(&line->link);
  (void)flush(line);
}

/* A terminal that has nothing to be read may say so by reading nothing. */
static bool is_at_end(const mbr_line *line, ssize_t size, bool hung_up) {
  if (size < 0) return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
  return size == 0 && (!line->is_terminal || hung_up);
}

static void read_descriptor(mbr_line *line, bool hung_up) {
  uint8_t bytes[MBR_LINE_READ];
  for (unsigned i = 0; i < READS_MAX && line->descriptor >= 0; i++) {
    const ssize_t size = read(line->descriptor, bytes, sizeof bytes);
    if (is_at_end(line, size, hung_up)) line->is_broken = true;
    if (size <= 0) return;
    (void)mbr_link_feed(&line->link, bytes, (size_t)size);
    poll_link(line);
  }
}

/* Whether another descriptor is worth a try: this one has failed, or nobody is heard. */
static bool is_useless(const mbr_line *line, uint64_t now) {
  if (line->is_broken) return true;
  if (line->is_terminal) return false;
  const bool is_calling = line->is_connected && !line->is_up;
  return line->is_silent || (is_calling && now >= line->heard_at + line->config.lost_ms);
}

static uint64_t next_turn(mbr_line *line) {
  const uint64_t lost_ms = line->config.lost_ms;
  if (line->descriptor < 0) return line->again_at;
  if (!line->is_connected) return is_quiet(line) ? line->again_at : MBR_CLOCK_NEVER;
  uint64_t next = line->next_poll;
  if (!line->is_up && !line->is_terminal) next = earlier(next, line->heard_at + lost_ms);
  if (line->is_up && !line->is_told) next = earlier(next, line->heard_at + TELLING_MAX * lost_ms);
  return next;
}

uint64_t mbr_line_move(mbr_line *line, uint64_t now, bool ready, bool hung_up) {
  if (line->descriptor < 0 && now >= line->again_at) open_descriptor(line, now);
  if (line->descriptor < 0) return line->again_at;
  if (!line->is_connected && now >= line->again_at && is_quiet(line)) begin_connection(line, now);
  if (ready) read_descriptor(line, hung_up);
  poll_link(line);
  if (line->is_up && !line->is_told && now >= line->heard_at + TELLING_MAX * (uint64_t)line->config.lost_ms) {
    tell_all_heard(line);
  }
  if (is_useless(line, now)) mbr_line_drop(line);
  return next_turn(line);
}
