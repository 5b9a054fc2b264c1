/* The services of a connection: their tables, what is counted of their methods, and what the other side is
 * told of them. Knows nothing of calls. */
#include "calls.h"

#define FNV_BASIS 0x811C9DC5u
#define FNV_PRIME 0x01000193u

/* u32 version, u32 name, u32 method count, u32 type count; then rows of u32 and u64. */
#define HELLO_HEAD_SIZE 16u
#define HELLO_ROW_SIZE 12u

static const mbr_method *find_method(const mbr_service *service, uint32_t id) {
  size_t low = 0, high = service->method_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const mbr_method *method = &service->methods[middle];
    if (method->id == id) return method;
    if (method->id < id) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

/* Numbers are hashes, so their low bits are as good as any to find a method again that was called lately. */
const mbr_method *mbr_service_find(mbr_peer *peer, uint32_t id, uint16_t instance, mbr_binding **binding) {
  mbr_known_method *known = &peer->known[id & (MBR_METHODS_KNOWN - 1u)];
  if (known->method == NULL || known->method->id != id) {
    known->method = NULL;
    for (size_t i = 0; i < peer->served && known->method == NULL; i++) {
      known->binding = &peer->memory.bindings[i];
      known->method = find_method(known->binding->service, id);
    }
  }
  *binding = known->binding;
  if (known->method == NULL || instance == 0) return known->method;
  return (known->method->flags & MBR_METHOD_INSTANCES) != 0 ? known->method : NULL;
}

mbr_counters *mbr_service_counters(const mbr_binding *binding, const mbr_method *method) {
  size_t index = (size_t)(method - binding->service->methods);
  return index < binding->counter_count ? &binding->counters[index] : NULL;
}

/* Whether the table is sorted and sound, and none of its numbers is served. */
static bool may_serve(mbr_peer *peer, const mbr_service *service) {
  mbr_binding *binding;
  for (size_t i = 0; i < service->method_count; i++) {
    const mbr_method *method = &service->methods[i];
    if (i > 0 && service->methods[i - 1].id >= method->id) return false;
    if ((method->flags & MBR_METHOD_UPLOAD) != 0 && method->item == NULL) return false;
    if (mbr_service_find(peer, method->id, 0, &binding) != NULL) return false;
  }
  return true;
}

/* As many counters as are left. */
static void give_counters(mbr_peer *peer, mbr_binding *binding) {
  const mbr_peer_memory *memory = &peer->memory;
  size_t left = memory->counters != NULL ? memory->counter_count - peer->counted : 0;
  size_t wanted = binding->service->method_count;
  binding->counter_count = wanted < left ? wanted : left;
  if (binding->counter_count == 0) return;
  binding->counters = memory->counters + peer->counted;
  memset(binding->counters, 0, binding->counter_count * sizeof *binding->counters);
  peer->counted += binding->counter_count;
}

mbr_status mbr_peer_serve(mbr_peer *peer, const mbr_service *service, const void *ops, void *self) {
  mbr_status status = MBR_OK;
  mbr_after after = {0};
  mbr_peer_enter(peer);
  if (peer->state != MBR_PEER_OPEN) status = MBR_CLOSED;
  else if (!may_serve(peer, service)) status = MBR_MISUSE;
  else if (peer->served == peer->memory.binding_count) status = MBR_BUSY;
  if (status == MBR_OK) {
    mbr_binding *binding = &peer->memory.bindings[peer->served];
    *binding = (mbr_binding){.service = service, .target = {.ops = ops, .self = self}};
    give_counters(peer, binding);
    peer->served++;
    mbr_slot_expect(peer, service);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

bool mbr_peer_direct(mbr_peer *peer, uint32_t method, void (**function)(void), const mbr_target **target) {
  mbr_after after = {0};
  mbr_binding *binding = NULL;
  mbr_peer_enter(peer);
  const mbr_method *found = peer->state == MBR_PEER_OPEN ? mbr_service_find(peer, method, 0, &binding) : NULL;
  bool direct = found != NULL && found->direct != NULL;
  if (direct) {
    *function = found->direct;
    *target = &binding->target;
  }
  mbr_peer_leave(peer, &after);
  return direct;
}

mbr_status mbr_peer_counters(mbr_peer *peer, uint32_t method, mbr_counters *counters) {
  mbr_after after = {0};
  mbr_binding *binding = NULL;
  mbr_status status = MBR_UNIMPLEMENTED;
  mbr_peer_enter(peer);
  const mbr_method *found = NULL;
  if (peer->state != MBR_PEER_QUIET) found = mbr_service_find(peer, method, 0, &binding);
  const mbr_counters *kept = found != NULL ? mbr_service_counters(binding, found) : NULL;
  if (kept != NULL) {
    *counters = *kept;
    status = MBR_OK;
  } else if (found != NULL) {
    status = MBR_UNSUPPORTED;
  }
  mbr_peer_leave(peer, &after);
  return status;
}

static uint32_t name_hash(const char *name) {
  uint32_t hash = FNV_BASIS;
  for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * FNV_PRIME;
  return hash;
}

static uint8_t *write_row(uint8_t *out, uint32_t key, uint64_t value) {
  mbr_put_u32(out, key);
  mbr_put_u64(out + 4, value);
  return out + HELLO_ROW_SIZE;
}

static void write_hello(const mbr_service *service, uint8_t *out, size_t size) {
  const mbr_frame frame = {.size = (uint32_t)size, .kind = MBR_FRAME_HELLO};
  mbr_frame_write(out, &frame);
  out += MBR_FRAME_HEADER_SIZE;
  mbr_put_u32(out, MBR_PROTOCOL_VERSION);
  mbr_put_u32(out + 4, name_hash(service->name));
  mbr_put_u32(out + 8, (uint32_t)service->method_count);
  mbr_put_u32(out + 12, (uint32_t)service->type_count);
  out += HELLO_HEAD_SIZE;
  for (size_t i = 0; i < service->method_count; i++) {
    out = write_row(out, service->methods[i].id, service->methods[i].fingerprint);
  }
  for (size_t i = 0; i < service->type_count; i++) {
    out = write_row(out, service->types[i].name, service->types[i].shape);
  }
}

size_t mbr_peer_hello(mbr_peer *peer, uint16_t index, uint8_t *out, size_t capacity) {
  mbr_after after = {0};
  size_t size = MBR_PEER_HELLO_NONE;
  mbr_peer_enter(peer);
  if (peer->state == MBR_PEER_OPEN && index < peer->served) {
    const mbr_service *service = peer->memory.bindings[index].service;
    size = MBR_FRAME_HEADER_SIZE + HELLO_HEAD_SIZE +
           (service->method_count + service->type_count) * HELLO_ROW_SIZE;
    if (size <= capacity) write_hello(service, out, size);
  }
  mbr_peer_leave(peer, &after);
  return size;
}
