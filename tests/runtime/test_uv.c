/* The executor over a real libuv loop: tasks from many threads, handlers of a connection on the loop's
 * thread, a clean close. */
#include <pthread.h>

#include "mbr/uv.h"
#include "request_kit.h"

#define THREADS 4
#define TASKS 500

typedef struct counted {
  mbr_task task; /* first */
  unsigned *ran;
  unsigned index;
  unsigned *last; /* of the same thread */
  unsigned *misses;
  pthread_t loop_thread;
} counted;

static void count(mbr_task *task) {
  counted *c = (counted *)(void *)task;
  if (!pthread_equal(c->loop_thread, pthread_self()) || *c->last + 1 != c->index) (*c->misses)++;
  *c->last = c->index;
  (*c->ran)++; /* the loop's thread alone */
}

typedef struct submitter {
  mbr_uv *uv;
  counted tasks[TASKS];
  unsigned last;
  pthread_t thread;
} submitter;

static void *submit_all(void *arg) {
  submitter *s = arg;
  for (size_t i = 0; i < TASKS; i++) s->uv->executor.submit(&s->uv->executor, &s->tasks[i].task);
  return NULL;
}

static void note_closed(mbr_uv *uv) { uv->async.data = NULL; }

/* Runs the loop until it has nothing left; the clock bounds a test that hangs. */
static void end_loop(uv_loop_t *loop) {
  assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(loop), 0);
}

static void test_tasks_of_many_threads_run_on_the_loop_in_order(void **state) {
  (void)state;
  static submitter submitters[THREADS];
  uv_loop_t loop;
  mbr_uv uv;
  unsigned ran = 0, misses = 0;
  memset(submitters, 0, sizeof submitters);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(mbr_uv_open(&uv, &loop), MBR_OK);
  for (size_t i = 0; i < THREADS; i++) {
    submitter *s = &submitters[i];
    s->uv = &uv;
    for (unsigned k = 0; k < TASKS; k++) {
      s->tasks[k] = (counted){.task = {.run = count}, .ran = &ran, .index = k + 1, .last = &s->last,
                              .misses = &misses, .loop_thread = pthread_self()};
    }
    pthread_create(&s->thread, NULL, submit_all, s);
  }
  while (ran < THREADS * TASKS) uv_run(&loop, UV_RUN_ONCE);
  for (size_t i = 0; i < THREADS; i++) pthread_join(submitters[i].thread, NULL);
  mbr_uv_close(&uv, note_closed);
  end_loop(&loop);
  assert_null(uv.async.data);
  assert_int_equal(ran, THREADS * TASKS);
  assert_int_equal(misses, 0);
}

static void test_closing_runs_what_was_submitted(void **state) {
  (void)state;
  uv_loop_t loop;
  mbr_uv uv;
  unsigned ran = 0, last = 0, misses = 0;
  counted tasks[3];
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(mbr_uv_open(&uv, &loop), MBR_OK);
  for (unsigned i = 0; i < 3; i++) {
    tasks[i] = (counted){.task = {.run = count},
                         .ran = &ran,
                         .index = i + 1,
                         .last = &last,
                         .misses = &misses,
                         .loop_thread = pthread_self()};
    uv.executor.submit(&uv.executor, &tasks[i].task);
  }
  assert_int_equal(ran, 0);
  mbr_uv_close(&uv, NULL);
  assert_int_equal(ran, 3);
  assert_int_equal(misses, 0);
  end_loop(&loop);
}

/* A connection whose handlers and callbacks run on the loop, with a timer of the loop's beside it: each
 * turn the timer moves frames; answers come from it. */
typedef struct looped {
  mbr_uv uv;
  uv_timer_t timer;
  mbr_loopback *loopback;
  server server;
  client client;
  heard heard[20];
  unsigned ticks, off_thread;
  pthread_t loop_thread;
  bool closing;
} looped;

static mbr_status answer_on_loop(server *s, mbr_call call, mbr_reader *args) {
  looped *l = (looped *)(void *)((char *)s - offsetof(looped, server));
  uint32_t value = 0;
  if (!pthread_equal(l->loop_thread, pthread_self())) l->off_thread++;
  (void)mbr_read_u32(args, &value);
  return put_u32(call, MBR_FRAME_OK, value + 1);
}

static void tick(uv_timer_t *timer) {
  looped *l = timer->data;
  unsigned done = 0;
  while (mbr_loopback_step(l->loopback)) {
  }
  for (size_t i = 0; i < 20; i++) done += l->heard[i].dones;
  if (++l->ticks < 2000 && done < 20) return;
  uv_close((uv_handle_t *)timer, NULL);
  l->closing = true;
}

static void test_a_connection_on_a_loop(void **state) {
  (void)state;
  uv_loop_t loop;
  looped *l = calloc(1, sizeof *l);
  assert_non_null(l);
  l->loop_thread = pthread_self();
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(mbr_uv_open(&l->uv, &loop), MBR_OK);
  const mbr_loopback_options options = {.executor = &l->uv.executor, .real_time = true};
  l->loopback = mbr_loopback_open(&options);
  assert_non_null(l->loopback);
  l->server.handle = answer_on_loop;
  assert_int_equal(mbr_peer_serve(mbr_loopback_far(l->loopback), &served_service, NULL, &l->server), MBR_OK);
  assert_int_equal(mbr_client_open(&l->client.base, mbr_loopback_near(l->loopback), &known_service,
                                   l->client.compatibility),
                   MBR_OK);
  while (mbr_loopback_step(l->loopback)) {
  }
  for (uint32_t i = 0; i < 20; i++) {
    assert_int_equal(ask(&l->client, AT_UNARY, i, NULL, &l->heard[i]), MBR_OK);
  }
  assert_int_equal(uv_timer_init(&loop, &l->timer), 0);
  l->timer.data = l;
  assert_int_equal(uv_timer_start(&l->timer, tick, 1, 1), 0);
  while (!l->closing) uv_run(&loop, UV_RUN_ONCE);
  for (uint32_t i = 0; i < 20; i++) {
    assert_int_equal(l->heard[i].dones, 1);
    assert_int_equal(l->heard[i].value, i + 1);
  }
  assert_int_equal(l->off_thread, 0);
  mbr_peer_close(mbr_loopback_near(l->loopback));
  mbr_peer_close(mbr_loopback_far(l->loopback));
  uv_run(&loop, UV_RUN_NOWAIT);
  mbr_uv_close(&l->uv, NULL);
  end_loop(&loop);
  assert_true(mbr_loopback_close(l->loopback));
  free(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_tasks_of_many_threads_run_on_the_loop_in_order),
    cmocka_unit_test(test_closing_runs_what_was_submitted),
    cmocka_unit_test(test_a_connection_on_a_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
