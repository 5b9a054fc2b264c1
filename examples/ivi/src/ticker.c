#include "ticker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define NANOSECONDS 1000000000ll

typedef struct stream {
  mbr_call call;
  const ticker_source *source;
  void *self;
  int64_t due;    /* ns, monotonic */
  int64_t period; /* ns */
  unsigned number;
  struct stream *next;
} stream;

struct ticker {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  stream *added; /* not yet seen by the thread */
  bool stopping;
  stream *streams; /* the thread's own */
};

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * NANOSECONDS + t.tv_nsec;
}

/* Emits what is due, drops streams nobody listens to; answers when to wake next, or -1 for never. A
 * listener that is behind (MBR_WOULD_BLOCK) misses this tick and gets a fresher value at the next. */
static int64_t tick(ticker *t) {
  int64_t time = now();
  int64_t next = -1;
  for (stream **link = &t->streams; *link != NULL;) {
    stream *s = *link;
    mbr_status status = MBR_OK;
    if (s->due <= time) {
      status = s->source->emit(s->self, s->call, s->number);
      if (status == MBR_OK) s->number++;
      s->due += s->period;
      if (s->due <= time) s->due = time + s->period;
    }
    if (status != MBR_OK && status != MBR_WOULD_BLOCK) {
      (void)s->source->end(s->self, s->call);
      *link = s->next;
      free(s);
      continue;
    }
    if (next < 0 || s->due < next) next = s->due;
    link = &s->next;
  }
  return next;
}

static void wait_until(ticker *t, int64_t due) {
  if (due < 0) {
    pthread_cond_wait(&t->changed, &t->lock);
    return;
  }
  struct timespec until = {.tv_sec = (time_t)(due / NANOSECONDS), .tv_nsec = (long)(due % NANOSECONDS)};
  pthread_cond_timedwait(&t->changed, &t->lock, &until);
}

static void *run(void *arg) {
  ticker *t = arg;
  pthread_mutex_lock(&t->lock);
  while (!t->stopping) {
    while (t->added != NULL) {
      stream *s = t->added;
      t->added = s->next;
      s->next = t->streams;
      t->streams = s;
    }
    pthread_mutex_unlock(&t->lock);
    int64_t due = tick(t);
    pthread_mutex_lock(&t->lock);
    if (!t->stopping && t->added == NULL) wait_until(t, due);
  }
  pthread_mutex_unlock(&t->lock);
  return NULL;
}

ticker *ticker_start(void) {
  ticker *t = calloc(1, sizeof *t);
  if (t == NULL) return NULL;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&t->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  pthread_mutex_init(&t->lock, NULL);
  if (pthread_create(&t->thread, NULL, run, t) == 0) return t;
  pthread_cond_destroy(&t->changed);
  pthread_mutex_destroy(&t->lock);
  free(t);
  return NULL;
}

bool ticker_add(ticker *t, mbr_call call, unsigned hz, const ticker_source *source, void *self) {
  stream *s = calloc(1, sizeof *s);
  if (s == NULL) return false;
  unsigned rate = hz < 1 ? 1 : hz > 1000 ? 1000 : hz;
  *s = (stream){.call = call, .source = source, .self = self, .due = now(), .period = NANOSECONDS / rate};
  pthread_mutex_lock(&t->lock);
  s->next = t->added;
  t->added = s;
  pthread_cond_signal(&t->changed);
  pthread_mutex_unlock(&t->lock);
  return true;
}

static void end_all(stream *s) {
  for (stream *next; s != NULL; s = next) {
    next = s->next;
    (void)s->source->end(s->self, s->call);
    free(s);
  }
}

void ticker_stop(ticker *t) {
  pthread_mutex_lock(&t->lock);
  t->stopping = true;
  pthread_cond_signal(&t->changed);
  pthread_mutex_unlock(&t->lock);
  pthread_join(t->thread, NULL);
  end_all(t->streams);
  end_all(t->added);
  pthread_cond_destroy(&t->changed);
  pthread_mutex_destroy(&t->lock);
  free(t);
}
