/* Handlers that call Dart on the thread of their caller, past any contract. */
#include <pthread.h>

#include "probe.h"

MBR_DART_EXPORT void probe_call_back(uint32_t (*fn)(uint32_t value));

static uint32_t (*callback)(uint32_t value);

void probe_call_back(uint32_t (*fn)(uint32_t value)) { callback = fn; }

/* Inline and sync: calls Dart, then answers what its argument was. */
static mbr_status calling(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  mbr_bytes bytes;
  (void)ops;
  (void)self;
  (void)mbr_read_bytes(args, &bytes, SIZE_MAX);
  if (mbr_reader_finish(args) != MBR_OK) return args->status;
  (void)callback(0);
  (void)send_bytes(call, MBR_FRAME_OK, bytes);
  return MBR_OK;
}

/* Answers with a declared error that has bytes behind it. */
static mbr_status babbling(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  mbr_writer w;
  (void)ops;
  (void)self;
  if (mbr_call_begin(call, MBR_FRAME_ERR, 12, &w) == MBR_OK) {
    (void)mbr_write_u32(&w, 0);
    (void)mbr_write_f32(&w, 2.5f);
    (void)mbr_call_commit(call, &w, mbr_write_u32(&w, 99));
  }
  return mbr_reader_finish(args);
}

static mbr_method methods[] = {
  {.name = "probe.Calling.inlined", .flags = MBR_METHOD_INLINE, .dispatch = calling},
  {.name = "probe.Calling.sync", .flags = MBR_METHOD_SYNC, .dispatch = calling},
  {.name = "probe.Calling.babbling", .flags = MBR_METHOD_INLINE, .dispatch = babbling},
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static const mbr_service service = {
  .name = "probe.Calling", .methods = methods, .method_count = METHOD_COUNT};

static void prepare(void) { number_methods(methods, METHOD_COUNT); }

mbr_status serve_calling(mbr_peer *peer) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
  return mbr_peer_serve(peer, &service, NULL, NULL);
}
