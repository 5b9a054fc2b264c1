/* Topics over loopbacks: every subscriber of every connection gets what is published, newcomers and slow
 * ones the newest, and those that have gone are forgotten. */
#include <pthread.h>
#include <stdatomic.h>

#include "mbr/pool.h"
#include "mbr/topic.h"
#include "request_kit.h"

#define CONNECTIONS 2
#define CAPACITY 4

typedef struct fixture {
  mbr_topic topic;
  mbr_call subscribers[CAPACITY];
  uint8_t values[2 * 8];
  bool locked;
  mbr_loopback *loopbacks[CONNECTIONS];
  server servers[CONNECTIONS];
  client clients[CONNECTIONS];
  mbr_status subscribed;
} fixture;

static fixture *current;

static mbr_status subscribe(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)args;
  current->subscribed = mbr_topic_subscribe(&current->topic, call);
  return current->subscribed == MBR_OK ? MBR_OK : mbr_call_fault(call, current->subscribed, NULL);
}

static void lock_topic(void *owner) {
  fixture *f = owner;
  assert_false(f->locked);
  f->locked = true;
}

static void unlock_topic(void *owner) {
  fixture *f = owner;
  assert_true(f->locked);
  f->locked = false;
}

static fixture *open_fixture(void) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  current = f;
  f->topic = (mbr_topic){
    .lock = lock_topic, .unlock = unlock_topic, .owner = f,
    .subscribers = f->subscribers, .capacity = CAPACITY, .values = f->values, .value_capacity = 8};
  for (size_t i = 0; i < CONNECTIONS; i++) {
    f->loopbacks[i] = mbr_loopback_open(NULL);
    assert_non_null(f->loopbacks[i]);
    f->servers[i].handle = subscribe;
    assert_int_equal(
      mbr_peer_serve(mbr_loopback_near(f->loopbacks[i]), &served_service, NULL, &f->servers[i]), MBR_OK);
    assert_int_equal(mbr_client_open(&f->clients[i].base, mbr_loopback_far(f->loopbacks[i]), &known_service,
                                     f->clients[i].compatibility),
                     MBR_OK);
    mbr_loopback_run(f->loopbacks[i]);
  }
  return f;
}

static void run(fixture *f) {
  for (size_t i = 0; i < CONNECTIONS; i++) {
    if (f->loopbacks[i] != NULL) mbr_loopback_run(f->loopbacks[i]);
  }
}

static void close_connection(fixture *f, size_t i) {
  assert_true(mbr_loopback_close(f->loopbacks[i]));
  f->loopbacks[i] = NULL;
}

static void close_fixture(fixture *f) {
  assert_false(f->locked);
  for (size_t i = 0; i < CONNECTIONS; i++) {
    if (f->loopbacks[i] != NULL) close_connection(f, i);
  }
  free(f);
}

static mbr_status publish(fixture *f, uint32_t value) {
  mbr_writer w;
  mbr_status status = mbr_topic_begin(&f->topic, 4, &w);
  if (status != MBR_OK) return status;
  assert_true(f->locked);
  (void)mbr_write_u32(&w, value);
  return mbr_topic_commit(&f->topic, &w, MBR_OK);
}

static void subscribe_to(fixture *f, size_t i, heard *h) {
  assert_int_equal(ask(&f->clients[i], AT_STREAM, 1, NULL, h), MBR_OK);
  run(f);
}

static void assert_items(const heard *h, size_t count, const uint32_t *items) {
  assert_int_equal(h->item_count, count);
  assert_memory_equal(h->items, items, count * sizeof *items);
}

static void test_every_subscriber_gets_every_value(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard h[3] = {0};
  for (size_t i = 0; i < 3; i++) subscribe_to(f, i % CONNECTIONS, &h[i]);
  assert_int_equal(mbr_topic_subscribers(&f->topic), 3);
  for (uint32_t v = 1; v <= 20; v++) {
    assert_int_equal(publish(f, v), MBR_OK);
    run(f);
  }
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(h[i].item_count, 20);
    for (uint32_t v = 0; v < 20; v++) assert_int_equal(h[i].items[v], v + 1);
    assert_int_equal(h[i].dones, 0);
  }
  close_fixture(f);
}

static void test_a_newcomer_gets_the_newest_value(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard first = {0}, second = {0};
  subscribe_to(f, 0, &first);
  assert_int_equal(first.item_count, 0); /* there is none yet */
  assert_int_equal(publish(f, 1), MBR_OK);
  assert_int_equal(publish(f, 2), MBR_OK);
  subscribe_to(f, 1, &second);
  assert_items(&second, 1, (const uint32_t[]){2});
  assert_items(&first, 2, (const uint32_t[]){1, 2});
  close_fixture(f);
}

static void test_a_slow_subscriber_misses_values_but_not_the_newest(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard slow = {0}, quick = {0};
  subscribe_to(f, 0, &slow);
  subscribe_to(f, 1, &quick);
  const mbr_call call = f->servers[0].calls[0];
  for (uint32_t v = 1; v <= 10; v++) {
    assert_int_equal(publish(f, v), MBR_OK);
    mbr_loopback_run(f->loopbacks[1]);
  }
  assert_int_equal(quick.item_count, 10);
  assert_int_equal(mbr_call_dropped(call), 10 - WINDOW - 1);
  run(f);
  assert_items(&slow, WINDOW + 1, (const uint32_t[]){1, 2, 3, 4, 10});
  close_fixture(f);
}

static void test_subscribers_that_go_are_forgotten(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard h[CAPACITY + 2] = {0};
  for (size_t i = 0; i < CAPACITY; i++) subscribe_to(f, i % CONNECTIONS, &h[i]);
  subscribe_to(f, 0, &h[CAPACITY]);
  assert_int_equal(f->subscribed, MBR_BUSY);
  assert_int_equal(h[CAPACITY].fault, MBR_BUSY);
  assert_int_equal(mbr_request_cancel(h[0].request), MBR_OK);
  run(f);
  subscribe_to(f, 0, &h[CAPACITY + 1]);
  assert_int_equal(f->subscribed, MBR_OK);
  close_connection(f, 1); /* nothing of it is left, whatever the topic knows */
  assert_int_equal(publish(f, 5), MBR_OK);
  assert_int_equal(mbr_topic_subscribers(&f->topic), 2);
  run(f);
  assert_items(&h[2], 1, (const uint32_t[]){5});
  assert_items(&h[CAPACITY + 1], 1, (const uint32_t[]){5});
  close_fixture(f);
}

static void test_a_value_that_fails_to_encode_changes_nothing(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard first = {0}, second = {0};
  mbr_writer w;
  subscribe_to(f, 0, &first);
  assert_int_equal(publish(f, 1), MBR_OK);
  assert_int_equal(mbr_topic_begin(&f->topic, 9, &w), MBR_NO_SPACE);
  assert_int_equal(mbr_topic_begin(&f->topic, 4, &w), MBR_OK);
  (void)mbr_write_u32(&w, 99);
  assert_int_equal(mbr_topic_commit(&f->topic, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  assert_int_equal(mbr_topic_begin(&f->topic, 8, &w), MBR_OK);
  (void)mbr_write_u32(&w, 99);
  assert_int_equal(mbr_topic_commit(&f->topic, &w, MBR_OK), MBR_MISUSE);
  subscribe_to(f, 1, &second);
  assert_items(&first, 1, (const uint32_t[]){1});
  assert_items(&second, 1, (const uint32_t[]){1});
  close_fixture(f);
}

static void test_closing_ends_every_stream(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard h[3] = {0};
  mbr_writer w;
  subscribe_to(f, 0, &h[0]);
  subscribe_to(f, 1, &h[1]);
  assert_int_equal(publish(f, 1), MBR_OK);
  mbr_topic_close(&f->topic);
  mbr_topic_close(&f->topic);
  run(f);
  for (size_t i = 0; i < 2; i++) {
    assert_items(&h[i], 1, (const uint32_t[]){1});
    assert_int_equal(h[i].dones, 1);
    assert_int_equal(h[i].kind, MBR_FRAME_END);
  }
  assert_int_equal(publish(f, 2), MBR_CLOSED);
  assert_int_equal(mbr_topic_begin(&f->topic, 4, &w), MBR_CLOSED);
  subscribe_to(f, 0, &h[2]);
  assert_int_equal(h[2].fault, MBR_CLOSED);
  assert_int_equal(mbr_topic_subscribers(&f->topic), 0);
  close_fixture(f);
}

static void test_only_streams_subscribe(void **state) {
  (void)state;
  fixture *f = open_fixture();
  heard h = {0};
  assert_int_equal(ask(&f->clients[0], AT_UNARY, 1, NULL, &h), MBR_OK);
  run(f);
  assert_int_equal(h.fault, MBR_MISUSE);
  assert_int_equal(mbr_topic_subscribe(&f->topic, f->servers[0].calls[0]), MBR_CLOSED);
  assert_int_equal(mbr_topic_subscribe(&f->topic, (mbr_call){0}), MBR_CLOSED);
  close_fixture(f);
}

/* Publishers and subscribers on threads, subscribers that come and go. */
#define PUBLISHERS 3
#define VALUES 400

typedef struct busy {
  mbr_topic topic;
  pthread_mutex_t lock;
  mbr_call subscribers[16];
  uint8_t values[2 * 4];
  atomic_uint next; /* value, given out under the topic's lock */
  atomic_uint publishing;
} busy;

static busy *storm;

static void lock_mutex(void *owner) { pthread_mutex_lock(owner); }

static void unlock_mutex(void *owner) { pthread_mutex_unlock(owner); }

static void *publish_all(void *arg) {
  (void)arg;
  for (unsigned i = 0; i < VALUES; i++) {
    mbr_writer w;
    if (mbr_topic_begin(&storm->topic, 4, &w) != MBR_OK) abort();
    (void)mbr_write_u32(&w, atomic_fetch_add(&storm->next, 1));
    if (mbr_topic_commit(&storm->topic, &w, MBR_OK) != MBR_OK) abort();
  }
  atomic_fetch_sub(&storm->publishing, 1);
  return NULL;
}

static mbr_status subscribe_busy(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  return mbr_topic_subscribe(&storm->topic, call);
}

typedef struct rising {
  atomic_uint count, last;
  atomic_bool fell, done;
} rising;

static mbr_status hear_rising(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, mbr_str text,
                              mbr_reader *payload) {
  rising *r = to->arg;
  uint32_t value = 0;
  (void)fault;
  (void)text;
  if (kind != MBR_FRAME_ITEM) {
    atomic_store(&r->done, true);
    return MBR_OK;
  }
  if (mbr_read_u32(payload, &value) != MBR_OK) return payload->status;
  if (atomic_exchange(&r->last, value) >= value) atomic_store(&r->fell, true);
  atomic_fetch_add(&r->count, 1);
  return MBR_OK;
}

static const mbr_method busy_methods[] = {{.id = STREAM, .flags = MBR_METHOD_STREAM, .name = "t.S.stream",
                                           .dispatch = subscribe_busy, .fingerprint = 2, .item_max = 4}};
static const mbr_service busy_service = {.name = "t.S", .methods = busy_methods, .method_count = 1};
static const mbr_remote_method rising_methods[] = {{.id = STREAM, .flags = MBR_METHOD_STREAM, .window = 2,
                                                    .name = "t.S.stream", .fingerprint = 2,
                                                    .receive = hear_rising}};
static const mbr_remote_service rising_service = {
  .name = "t.S", .methods = rising_methods, .method_count = 1};

static bool all_published(void *arg) {
  (void)arg;
  return atomic_load(&storm->publishing) == 0;
}

static void test_publishers_and_subscribers_on_many_threads(void **state) {
  (void)state;
  static busy b;
  enum { LISTENERS = 6 };
  rising listeners[LISTENERS];
  mbr_pool pool;
  client c = {0};
  mbr_request requests[LISTENERS];
  pthread_t threads[PUBLISHERS];
  mbr_writer w;
  memset(&b, 0, sizeof b);
  memset(listeners, 0, sizeof listeners);
  storm = &b;
  pthread_mutex_init(&b.lock, NULL);
  b.next = 1;
  b.publishing = PUBLISHERS;
  b.topic = (mbr_topic){
    .lock = lock_mutex, .unlock = unlock_mutex, .owner = &b.lock,
    .subscribers = b.subscribers, .capacity = 16, .values = b.values, .value_capacity = 4};
  assert_int_equal(mbr_pool_start(&pool, 3, 0), MBR_OK);
  const mbr_loopback_options options = {.executor = &pool.executor, .real_time = true, .outbox_size = 4096};
  mbr_loopback *l = mbr_loopback_open(&options);
  assert_non_null(l);
  assert_int_equal(mbr_peer_serve(mbr_loopback_near(l), &busy_service, NULL, &b), MBR_OK);
  assert_int_equal(mbr_client_open(&c.base, mbr_loopback_far(l), &rising_service, c.compatibility), MBR_OK);
  mbr_loopback_run(l);
  for (size_t i = 0; i < PUBLISHERS; i++) pthread_create(&threads[i], NULL, publish_all, NULL);
  for (size_t i = 0; i < LISTENERS; i++) {
    const mbr_receiver receiver = {.arg = &listeners[i]};
    assert_int_equal(mbr_request_begin(&c.base, 0, 0, NULL, &receiver, &w, &requests[i]), MBR_OK);
    assert_int_equal(mbr_request_commit(requests[i], &w, MBR_OK), MBR_OK);
    for (int k = 0; k < 200; k++) mbr_loopback_step(l);
  }
  assert_int_equal(mbr_request_cancel(requests[0]), MBR_OK);
  assert_true(mbr_loopback_run_until(l, all_published, NULL, 60000));
  for (size_t i = 0; i < PUBLISHERS; i++) pthread_join(threads[i], NULL);
  mbr_loopback_run(l);
  assert_true(listeners[0].done);
  for (size_t i = 0; i < LISTENERS; i++) {
    assert_false(listeners[i].fell);
    if (i > 0) assert_int_equal(listeners[i].last, PUBLISHERS * VALUES); /* the newest, in the end */
  }
  assert_true(mbr_loopback_close(l));
  mbr_pool_stop(&pool);
  pthread_mutex_destroy(&b.lock);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_subscriber_gets_every_value),
    cmocka_unit_test(test_a_newcomer_gets_the_newest_value),
    cmocka_unit_test(test_a_slow_subscriber_misses_values_but_not_the_newest),
    cmocka_unit_test(test_subscribers_that_go_are_forgotten),
    cmocka_unit_test(test_a_value_that_fails_to_encode_changes_nothing),
    cmocka_unit_test(test_closing_ends_every_stream),
    cmocka_unit_test(test_only_streams_subscribe),
    cmocka_unit_test(test_publishers_and_subscribers_on_many_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
