/* What a call cannot be faster than, and the way it is usually done: bare foreign functions and bare posts to
 * Dart, without a contract, types or endings. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FLOOR __attribute__((visibility("default"), used))

enum { TYPED_DATA = 7, EXTERNAL_TYPED_DATA = 8, UINT8 = 2, ITEM_SIZE = 64 };

/* Dart_CObject, as far as it is used here. */
typedef struct message {
  int32_t kind;
  union {
    int64_t integer;
    struct {
      int32_t kind;
      intptr_t length;
      const uint8_t *data;
    } typed;
    struct {
      int32_t kind;
      intptr_t length;
      uint8_t *data;
      void *peer;
      void (*finalizer)(void *isolate_data, void *peer);
    } external;
    void *room[5];
  } as;
} message;

typedef struct entry {
  const char *name;
  void (*function)(void);
} entry;

typedef struct table {
  int major, minor;
  const entry *entries;
} table;

static bool (*post_integer)(int64_t port, int64_t value);
static bool (*post_object)(int64_t port, message *object);

static void (*find(const table *t, const char *name))(void) {
  for (const entry *e = t->entries; e->name != NULL; e++) {
    if (strcmp(e->name, name) == 0) return e->function;
  }
  abort();
}

/* A thread that does one thing at a time, when it is told to. */
typedef enum order { NOTHING, ECHO, FLOOD, ITEMS } order;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static order given;
static int64_t given_port, given_value;

static void post_items(int64_t port, int64_t count) {
  uint8_t item[ITEM_SIZE] = {0};
  message m = {.kind = TYPED_DATA, .as.typed = {UINT8, ITEM_SIZE, item}};
  for (int64_t i = 0; i < count; i++) {
    memcpy(item, &i, sizeof i);
    post_object(port, &m);
  }
}

static void *work(void *arg) {
  (void)arg;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (given == NOTHING) pthread_cond_wait(&told, &lock);
    order now = given;
    int64_t port = given_port, value = given_value;
    given = NOTHING;
    pthread_mutex_unlock(&lock);
    if (now == ECHO) post_integer(port, value);
    if (now == ITEMS) post_items(port, value);
    for (int64_t i = 0; now == FLOOD && i < value; i++) post_integer(port, i);
  }
  return NULL;
}

static void tell(order what, int64_t port, int64_t value) {
  pthread_mutex_lock(&lock);
  given = what;
  given_port = port;
  given_value = value;
  pthread_cond_signal(&told);
  pthread_mutex_unlock(&lock);
}

FLOOR void floor_start(const table *dl) {
  pthread_t thread;
  post_integer = (bool (*)(int64_t, int64_t))find(dl, "Dart_PostInteger");
  post_object = (bool (*)(int64_t, message *))find(dl, "Dart_PostCObject");
  if (pthread_create(&thread, NULL, work, NULL) != 0) abort();
  pthread_detach(thread);
}

FLOOR int64_t floor_add(int64_t a, int64_t b) { return a + b; }

/* One integer from the calling thread, or from another one. */
FLOOR void floor_post(int64_t port, int64_t value) { post_integer(port, value); }
FLOOR void floor_post_from_thread(int64_t port, int64_t value) { tell(ECHO, port, value); }

/* That many integers, or items of 64 bytes, each a message. */
FLOOR void floor_flood(int64_t port, int64_t count) { tell(FLOOD, port, count); }
FLOOR void floor_items(int64_t port, int64_t count) { tell(ITEMS, port, count); }

static void free_answer(void *isolate_data, void *peer) {
  (void)isolate_data;
  free(peer);
}

/* The usual way to answer a call: the bytes change hands as external typed data, at a port of its own. */
FLOOR void floor_answer(int64_t port, const uint8_t *request, int64_t size) {
  uint8_t *copy = malloc((size_t)size);
  if (copy == NULL) abort();
  memcpy(copy, request, (size_t)size);
  message m = {.kind = EXTERNAL_TYPED_DATA,
               .as.external = {UINT8, (intptr_t)size, copy, copy, free_answer}};
  if (!post_object(port, &m)) free(copy);
}
