/* Live data of the machine, read from /proc and /sys each time it is asked for. What a machine does not
 * have (sensors, say) is left empty; what every Linux has and cannot be read is a declared error. */
#include "services.h"

#include <string.h>

#include "ivi_machine.h"
#include "sample.h"

static void fail(ivi_machine_machine_get_sample_call call, const char *path) {
  (void)ivi_machine_machine_get_sample_err(
      call, IVI_MACHINE_MACHINE_ERROR_UNREADABLE(((mbr_str){path, strlen(path)})));
}

static void get_sample(void *self, ivi_machine_machine_get_sample_call call) {
  (void)self;
  sampler *s = sampler_new();
  if (s == NULL) {
    (void)mbr_call_fault(call.base, MBR_NO_MEMORY, NULL);
    return;
  }
  ivi_machine_sample sample;
  const char *unreadable = sampler_read(s, &sample);
  if (unreadable != NULL)
    fail(call, unreadable);
  else
    (void)ivi_machine_machine_get_sample_ok(call, &sample);
  sampler_free(s);
}

static mbr_status emit(void *self, mbr_call base, unsigned number) {
  ivi_machine_machine_watch_call call = {base};
  ivi_machine_sample sample;
  const char *unreadable = sampler_read(self, &sample);
  sample.number = number;
  if (unreadable == NULL) return ivi_machine_machine_watch_emit(call, &sample);
  mbr_str path = {unreadable, strlen(unreadable)};
  (void)ivi_machine_machine_watch_err(call, IVI_MACHINE_MACHINE_ERROR_UNREADABLE(path));
  return MBR_CLOSED;
}

static mbr_status end(void *self, mbr_call call) {
  sampler_free(self);
  return ivi_machine_machine_watch_end((ivi_machine_machine_watch_call){call});
}

static void watch(void *self, ivi_machine_machine_watch_call call, uint16_t hz) {
  static const ticker_source source = {emit, end};
  sampler *s = sampler_new();
  mbr_call_defer(call.base);
  if (s != NULL && ticker_add(self, call.base, hz, &source, s)) return;
  sampler_free(s);
  (void)mbr_call_fault(call.base, MBR_NO_MEMORY, NULL);
}

static const ivi_machine_machine_ops ops = {.get_sample = get_sample, .watch = watch};

mbr_status machine_serve(mbr_peer *peer, ticker *t) { return ivi_machine_machine_serve(peer, &ops, t); }
