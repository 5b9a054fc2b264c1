/* What the other side serves, compared with what clients here were built from. Knows nothing of calls. */
#include "requests.h"

#define FNV_BASIS 0x811C9DC5u
#define FNV_PRIME 0x01000193u

/* Behind the header: u32 version, u32 name, u32 method count, u32 type count. */
#define HELLO_HEAD_SIZE 16u
#define HELLO_ROW_SIZE 12u

/* The rows of a HELLO, each u32 key, u64 value, sorted by key. */
typedef struct mbr_hello_rows {
  const uint8_t *data;
  size_t count;
} mbr_hello_rows;

static uint32_t name_hash(const char *name) {
  uint32_t hash = FNV_BASIS;
  for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * FNV_PRIME;
  return hash;
}

static uint32_t key_at(mbr_hello_rows rows, size_t i) { return mbr_get_u32(rows.data + i * HELLO_ROW_SIZE); }

static uint64_t value_at(mbr_hello_rows rows, size_t i) {
  return mbr_get_u64(rows.data + i * HELLO_ROW_SIZE + 4u);
}

static bool is_sorted(mbr_hello_rows rows) {
  for (size_t i = 1; i < rows.count; i++) {
    if (key_at(rows, i - 1) >= key_at(rows, i)) return false;
  }
  return true;
}

static bool find_row(mbr_hello_rows rows, uint32_t key, uint64_t *value) {
  size_t low = 0, high = rows.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    uint32_t found = key_at(rows, middle);
    if (found == key) *value = value_at(rows, middle);
    if (found == key) return true;
    if (found < key) low = middle + 1;
    else high = middle;
  }
  return false;
}

static void compare_methods(mbr_client *client, mbr_hello_rows rows) {
  for (size_t i = 0; i < client->service->method_count; i++) {
    const mbr_remote_method *method = &client->service->methods[i];
    uint64_t fingerprint = 0;
    mbr_compatibility found = MBR_METHOD_ABSENT;
    if (find_row(rows, method->id, &fingerprint)) {
      found = fingerprint == method->fingerprint ? MBR_METHOD_COMPATIBLE : MBR_METHOD_CHANGED;
    }
    client->compatibility[i] = (uint8_t)found;
  }
}

static void compare_types(mbr_client *client, mbr_hello_rows rows) {
  client->changed_types = 0;
  for (size_t i = 0; i < client->service->type_count; i++) {
    const mbr_type_shape *type = &client->service->types[i];
    uint64_t shape = 0;
    if (find_row(rows, type->name, &shape) && shape != type->shape) client->changed_types++;
  }
}

mbr_status mbr_clients_receive(mbr_peer *peer, const mbr_frame *frame, const uint8_t *data) {
  const uint8_t *payload = data + MBR_FRAME_HEADER_SIZE;
  const size_t size = frame->size - MBR_FRAME_HEADER_SIZE;
  mbr_after after = {.elsewhere = true};
  if (size < HELLO_HEAD_SIZE) return MBR_BAD_FRAME;
  const size_t rows = (size - HELLO_HEAD_SIZE) / HELLO_ROW_SIZE;
  const size_t methods = mbr_get_u32(payload + 8), types = mbr_get_u32(payload + 12);
  if (methods > rows || types != rows - methods || size != HELLO_HEAD_SIZE + rows * HELLO_ROW_SIZE) {
    return MBR_BAD_FRAME;
  }
  const mbr_hello_rows served = {payload + HELLO_HEAD_SIZE, methods};
  const mbr_hello_rows shapes = {payload + HELLO_HEAD_SIZE + methods * HELLO_ROW_SIZE, types};
  if (!is_sorted(served) || !is_sorted(shapes)) return MBR_BAD_FRAME;
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  mbr_client *client = status == MBR_OK ? peer->clients : NULL;
  for (; client != NULL; client = client->next) {
    if (name_hash(client->service->name) != mbr_get_u32(payload + 4)) continue;
    compare_methods(client, served);
    compare_types(client, shapes);
  }
  mbr_peer_leave(peer, &after);
  return status;
}

static bool is_known(const mbr_peer *peer, const mbr_client *client) {
  const mbr_client *known = peer->clients;
  while (known != NULL && known != client) known = known->next;
  return known != NULL;
}

mbr_status mbr_client_open(mbr_client *client, mbr_peer *peer, const mbr_remote_service *service,
                           uint8_t *compatibility) {
  mbr_after after = {0};
  mbr_peer_enter(peer);
  mbr_status status = peer->state == MBR_PEER_OPEN ? MBR_OK : MBR_CLOSED;
  if (status == MBR_OK && is_known(peer, client)) status = MBR_MISUSE;
  if (status == MBR_OK) {
    /* What calls look at before they take the lock is left alone where it is so already: on the next
     * connection of a peer some of them may be under way. */
    if (client->peer != peer) client->peer = peer;
    if (client->service != service) client->service = service;
    client->next = peer->clients;
    client->compatibility = compatibility;
    client->changed_types = 0;
    memset(compatibility, MBR_METHOD_ABSENT, service->method_count);
    peer->clients = client;
  }
  mbr_peer_leave(peer, &after);
  return status;
}

static uintptr_t address(const mbr_remote_method *method) {
  /* misra 11.4: addresses of what may be two objects are compared as numbers */
  return (uintptr_t)method;
}

/* Whether a request is of the client's service. */
static bool is_in_use(const mbr_peer *peer, const mbr_client *client) {
  const mbr_remote_service *service = client->service;
  const uintptr_t first = address(service->methods);
  const size_t size = service->method_count * sizeof *service->methods;
  for (size_t i = 0; i < peer->memory.request_count; i++) {
    const mbr_asked *asked = &peer->memory.requests[i];
    if (asked->id != 0 && address(asked->method) - first < size) return true;
  }
  return false;
}

bool mbr_client_close(mbr_client *client) {
  mbr_peer *peer = client->peer;
  mbr_after after = {0};
  if (peer == NULL) return true;
  mbr_peer_enter(peer);
  const bool free = peer->state == MBR_PEER_QUIET || !is_in_use(peer, client);
  if (free && peer->state != MBR_PEER_QUIET) {
    mbr_client **link = &peer->clients;
    while (*link != NULL && *link != client) link = &(*link)->next;
    if (*link != NULL) *link = client->next;
  }
  if (free) client->peer = NULL;
  mbr_peer_leave(peer, &after);
  return free;
}

mbr_compatibility mbr_client_compatibility(const mbr_client *client, size_t method) {
  mbr_compatibility found = MBR_METHOD_ABSENT;
  mbr_after after = {0};
  if (client->peer == NULL || method >= client->service->method_count) return found;
  mbr_peer_enter(client->peer);
  if (client->peer->state == MBR_PEER_OPEN) found = (mbr_compatibility)client->compatibility[method];
  mbr_peer_leave(client->peer, &after);
  return found;
}
