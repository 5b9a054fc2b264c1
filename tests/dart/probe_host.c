/* Calls of the host service that probe.dart implements, made as the methods of a service of ours tell: in
 * every form and from threads of every kind. How each ended is answered as text. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbr/request.h"
#include "probe.h"

#define TEXT_SIZE 128u
#define FIRST_ITEMS 4u

/* Methods of the host service: indices into the table below by way of their names. */
enum { H_ECHO, H_NOTE, H_TICKS, H_GATHER, H_ABSENT, H_CHANGED, HOST_METHODS };

/* How the call is made. */
enum { TOLD, WAITING, CANCELLING, PAUSING, NEWEST, FLOODING };

/* One call of the host service, made for one of ours. */
typedef struct asked {
  mbr_call call; /* to be answered with the text */
  mbr_client *client;
  uint32_t form, method, a, b, timeout_ms;
  uint32_t items, sum, last; /* of its stream */
  uint32_t to_push;          /* of its stream parameter */
  mbr_request request;
  pthread_mutex_t lock; /* of the pushing */
  char text[TEXT_SIZE];
  bool ended;
  atomic_uint users; /* who makes the call, and who hears of it */
} asked;

static void put_text(asked *a, const char *text) {
  if (a->ended) abort(); /* told of two endings */
  a->ended = true;
  snprintf(a->text, sizeof a->text, "%s", text);
}

static void leave(asked *a) {
  if (atomic_fetch_sub(&a->users, 1) != 1) return;
  pthread_mutex_destroy(&a->lock);
  free(a);
  atomic_fetch_sub(&counters[OPEN_JOBS], 1);
}

static void answer(asked *a) {
  const mbr_bytes bytes = {(const uint8_t *)a->text, strlen(a->text)};
  (void)send_bytes(a->call, MBR_FRAME_OK, bytes);
  leave(a);
}

static mbr_status read_number(mbr_reader *payload, uint32_t *value) {
  (void)mbr_read_u32(payload, value);
  return mbr_reader_finish(payload);
}

/* Ticks are counted from 0; the newest of them only rise. */
static bool is_next_tick(const asked *a, uint32_t value) {
  if (a->form != NEWEST) return value == a->items;
  return a->items == 0 || value > a->last;
}

static void pause_for_a_while(const asked *a) {
  (void)mbr_request_pause(a->request);
  sleep_us(1000);
  (void)mbr_request_resume(a->request);
}

static void take_item(asked *a, uint32_t value) {
  if (a->method == H_TICKS && !is_next_tick(a, value)) abort();
  a->sum += value;
  a->last = value;
  if (++a->items == FIRST_ITEMS && a->form == CANCELLING) (void)mbr_request_cancel(a->request);
  if (a->items % FIRST_ITEMS == 0 && (a->form == PAUSING || a->form == NEWEST)) pause_for_a_while(a);
}

/* What all of the host service's methods have in common: numbers as results and items, one declared error. */
static mbr_status receive(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                          mbr_reader *payload) {
  asked *a = to->arg;
  char line[TEXT_SIZE];
  uint32_t value = 0;
  mbr_status status = MBR_OK;
  if (kind == MBR_FRAME_ITEM) {
    status = read_number(payload, &value);
    if (status == MBR_OK) take_item(a, value);
    return status;
  }
  if (kind == MBR_FRAME_OK) {
    status = read_number(payload, &value);
    snprintf(line, sizeof line, "ok %u", value);
  } else if (kind == MBR_FRAME_ERR) {
    status = read_number(payload, &value);
    snprintf(line, sizeof line, "error %u", value);
  } else if (kind == MBR_FRAME_END) {
    snprintf(line, sizeof line, "end %u", a->items);
  } else {
    snprintf(line, sizeof line, "fault %s %.*s", mbr_status_name(fault), (int)text.size,
             text.size != 0 ? text.data : "");
  }
  if (status != MBR_OK) return status;
  put_text(a, line);
  if (a->form != WAITING) answer(a);
  return MBR_OK;
}

/* Numbers from 1 on, as far as there is credit. */
static void push(asked *a) {
  pthread_mutex_lock(&a->lock);
  for (mbr_status status = MBR_OK; status == MBR_OK && a->to_push > 0;) {
    mbr_writer w;
    status = mbr_request_item_begin(a->request, 4, &w);
    if (status != MBR_OK) break;
    status = mbr_request_item_commit(a->request, &w, mbr_write_u32(&w, a->b - a->to_push + 1));
    if (status == MBR_OK && --a->to_push == 0) (void)mbr_request_end_items(a->request);
  }
  pthread_mutex_unlock(&a->lock);
}

static const char *const names[HOST_METHODS] = {
  "probe.Host.echo",   "probe.Host.note",   "probe.Host.ticks",
  "probe.Host.gather", "probe.Host.absent", "probe.Host.changed",
};
static const uint32_t flags[HOST_METHODS] = {
  0, MBR_METHOD_ONEWAY, MBR_METHOD_STREAM, MBR_METHOD_UPLOAD, 0, 0};
static mbr_remote_method remote[HOST_METHODS];
static size_t place[HOST_METHODS]; /* in the sorted table */
static const mbr_remote_service host = {
  .name = "probe.Host", .methods = remote, .method_count = HOST_METHODS};

static void receive_ready(void *arg);

static mbr_status begin(asked *a, const mbr_receiver *to, mbr_arena *arena, mbr_writer *w) {
  const mbr_request_options options = {.timeout_ms = a->timeout_ms};
  const size_t at = place[a->method];
  return a->form == WAITING ? mbr_request_begin_wait(a->client, at, 8, &options, to, arena, w, &a->request)
                            : mbr_request_begin(a->client, at, 8, &options, to, w, &a->request);
}

static mbr_status make_call(asked *a, const mbr_receiver *to, mbr_arena *arena) {
  mbr_writer w;
  pthread_mutex_lock(&a->lock); /* nothing is pushed before */
  mbr_status status = begin(a, to, arena, &w);
  if (status == MBR_OK) {
    (void)mbr_write_u32(&w, a->a);
    status = mbr_request_commit(a->request, &w, mbr_write_u32(&w, a->b));
  }
  pthread_mutex_unlock(&a->lock);
  return status;
}

/* Makes the call, of a oneway, until it is refused. */
static void flood(asked *a) {
  const mbr_receiver to = {0};
  char line[TEXT_SIZE];
  uint32_t sent = 0;
  mbr_status status;
  while ((status = make_call(a, &to, NULL)) == MBR_OK) sent++;
  snprintf(line, sizeof line, "sent %u, then %s", sent, mbr_status_name(status));
  put_text(a, line);
  answer(a);
  leave(a);
}

/* Makes the call. Answers ours where it cannot be made, or has been waited for. */
static void ask(asked *a) {
  mbr_arena arena;
  uint8_t space[256];
  char line[TEXT_SIZE];
  mbr_arena_init(&arena, space, sizeof space);
  const mbr_receiver to = {.ready = (void (*)(void))receive_ready, .arg = a};
  mbr_status status = make_call(a, &to, &arena);
  if (status == MBR_OK && a->form == WAITING) status = mbr_request_wait(a->request);
  if (status != MBR_OK) {
    snprintf(line, sizeof line, "refused %s", mbr_status_name(status));
    put_text(a, line);
    answer(a);
  } else if (a->method == H_NOTE) {
    put_text(a, "sent");
    answer(a);
  } else if (a->form == WAITING) {
    answer(a);
  } else {
    push(a);
  }
  leave(a);
}

static void receive_ready(void *arg) { push(arg); }

static void *ask_on_thread(void *arg) {
  asked *a = arg;
  if (a->form == FLOODING) flood(a);
  else ask(a);
  return NULL;
}

/* The service. Arguments: form, method, two numbers, timeout, whether a thread of its own makes the call. */

static mbr_client *client_of(mbr_peer *peer);

static mbr_status ask_host(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  uint32_t on_thread;
  (void)ops;
  (void)self;
  asked *a = calloc(1, sizeof *a);
  if (a == NULL) return MBR_NO_MEMORY;
  (void)mbr_read_u32(args, &a->form);
  (void)mbr_read_u32(args, &a->method);
  (void)mbr_read_u32(args, &a->a);
  (void)mbr_read_u32(args, &a->b);
  (void)mbr_read_u32(args, &a->timeout_ms);
  (void)mbr_read_u32(args, &on_thread);
  mbr_status status = mbr_reader_finish(args);
  if (status != MBR_OK || a->method >= HOST_METHODS) {
    free(a);
    return status != MBR_OK ? status : MBR_MISUSE;
  }
  a->call = call;
  a->client = client_of(call.peer);
  if (a->method == H_GATHER) a->to_push = a->b;
  pthread_mutex_init(&a->lock, NULL);
  atomic_init(&a->users, 2);
  atomic_fetch_add(&counters[OPEN_JOBS], 1);
  mbr_call_defer(call);
  if (on_thread != 0) start_thread(ask_on_thread, a);
  else ask(a);
  return MBR_OK;
}

#define METHOD(fn, flags_, name_) {.flags = flags_, .name = "probe.Asker." name_, .dispatch = fn}

static mbr_method methods[] = {
  METHOD(ask_host, MBR_METHOD_CONCURRENT, "ask"),
  METHOD(ask_host, MBR_METHOD_INLINE, "ask_inline"),
  METHOD(ask_host, MBR_METHOD_SYNC, "ask_sync"),
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static const mbr_service service = {.name = "probe.Asker", .methods = methods, .method_count = METHOD_COUNT};

static int by_id(const void *a, const void *b) {
  uint32_t x = ((const mbr_remote_method *)a)->id, y = ((const mbr_remote_method *)b)->id;
  return x < y ? -1 : x > y;
}

static void prepare(void) {
  number_methods(methods, METHOD_COUNT);
  for (size_t i = 0; i < HOST_METHODS; i++) {
    uint32_t id = fnv1a(names[i]);
    remote[i] = (mbr_remote_method){
      .id = id, .flags = flags[i], .window = 8, .fingerprint = id, .name = names[i], .receive = receive};
  }
  qsort(remote, HOST_METHODS, sizeof remote[0], by_id);
  for (size_t i = 0; i < HOST_METHODS; i++) {
    for (size_t j = 0; j < HOST_METHODS; j++) {
      if (remote[j].name == names[i]) place[i] = j;
    }
  }
}

/* A client for each place of a connection, as peers stay where they are. */
#define CLIENTS 64u
static struct {
  mbr_client client;
  uint8_t compatibility[HOST_METHODS];
  mbr_peer *peer;
} clients[CLIENTS];
static pthread_mutex_t clients_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t find_client(const mbr_peer *peer) {
  size_t i = 0;
  pthread_mutex_lock(&clients_lock);
  while (i < CLIENTS && clients[i].peer != peer && clients[i].peer != NULL) i++;
  pthread_mutex_unlock(&clients_lock);
  return i;
}

static mbr_client *client_of(mbr_peer *peer) { return &clients[find_client(peer)].client; }

mbr_status serve_asker(mbr_peer *peer) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
  pthread_mutex_lock(&clients_lock);
  size_t i = 0;
  while (i < CLIENTS && clients[i].peer != peer && clients[i].peer != NULL) i++;
  if (i < CLIENTS) clients[i].peer = peer;
  pthread_mutex_unlock(&clients_lock);
  if (i == CLIENTS) return MBR_BUSY;
  mbr_status status = mbr_client_open(&clients[i].client, peer, &host, clients[i].compatibility);
  return status == MBR_OK ? mbr_peer_serve(peer, &service, NULL, NULL) : status;
}
