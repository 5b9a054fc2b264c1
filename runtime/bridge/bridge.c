/* Bridges from their opening to their closing: the service as it is lent, made from the service as it is
 * known. Knows nothing of calls on their way. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

#define FNV_BASIS 0x811C9DC5u
#define FNV_PRIME 0x01000193u

/* The stream of an instance's state, as `@latest NAME() -> stream bool` would be in a contract. */
#define LINK_NAME ".@link"
#define LINK_FINGERPRINT UINT64_C(0xb92a76b3ce1d9d5f)

static uint32_t name_hash(const char *name) {
  uint32_t hash = FNV_BASIS;
  for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * FNV_PRIME;
  return hash;
}

mbr_leg *mbr_leg_find(mbr_bridge *bridge, const mbr_call_origin *origin) {
  return origin->instance < bridge->leg_count ? &bridge->legs[origin->instance] : NULL;
}

static mbr_status refuse_sync(const void *ops, void *self, mbr_call call, mbr_reader *args) {
  (void)ops;
  (void)self;
  (void)args;
  (void)mbr_call_fault(call, MBR_UNSUPPORTED, "a sync method works in process only");
  return MBR_OK;
}

static mbr_method lent_method(const mbr_remote_method *known) {
  const bool is_sync = (known->flags & MBR_METHOD_SYNC) != 0;
  return (mbr_method){
    .id = known->id,
    .flags = known->flags | MBR_METHOD_INSTANCES,
    .fingerprint = known->fingerprint,
    .name = known->name,
    .dispatch = is_sync ? refuse_sync : mbr_route_dispatch,
    .item = (known->flags & MBR_METHOD_UPLOAD) != 0 ? mbr_route_item : NULL,
  };
}

static mbr_method link_method(const char *name) {
  return (mbr_method){
    .id = name_hash(name),
    .flags = MBR_METHOD_STREAM | MBR_METHOD_LATEST | MBR_METHOD_QUIET | MBR_METHOD_INSTANCES,
    .item_max = 1,
    .fingerprint = LINK_FINGERPRINT,
    .name = name,
    .dispatch = mbr_leg_watch,
  };
}

/* The known methods, which are in the order of their numbers, and among them the stream of the state. */
static void fill_service(mbr_method *lent, const mbr_remote_service *known, const char *link_name) {
  const mbr_method link = link_method(link_name);
  size_t i = 0;
  for (; i < known->method_count && known->methods[i].id < link.id; i++) {
    lent[i] = lent_method(&known->methods[i]);
  }
  lent[i] = link;
  for (; i < known->method_count; i++) lent[i + 1] = lent_method(&known->methods[i]);
}

static void fill_remote(mbr_remote_method *own, const mbr_remote_service *known) {
  for (size_t i = 0; i < known->method_count; i++) {
    own[i] = known->methods[i];
    own[i].receive = mbr_route_receive;
  }
}

static bool make_tables(mbr_bridge *bridge, const mbr_remote_service *known) {
  const size_t count = known->method_count, size = strlen(known->name);
  bridge->lent_methods = calloc(count + 1u, sizeof *bridge->lent_methods);
  bridge->own_methods = calloc(count + 1u, sizeof *bridge->own_methods);
  bridge->link_name = malloc(size + sizeof LINK_NAME);
  if (bridge->lent_methods == NULL || bridge->own_methods == NULL || bridge->link_name == NULL) return false;
  memcpy(bridge->link_name, known->name, size);
  memcpy(bridge->link_name + size, LINK_NAME, sizeof LINK_NAME);
  fill_service(bridge->lent_methods, known, bridge->link_name);
  fill_remote(bridge->own_methods, known);
  bridge->name = name_hash(known->name);
  bridge->service =
    (mbr_service){known->name, bridge->lent_methods, count + 1u, known->types, known->type_count};
  bridge->remote = *known;
  bridge->remote.methods = bridge->own_methods;
  return true;
}

static void free_bridge(mbr_bridge *bridge) {
  for (size_t i = 0; i < bridge->leg_count; i++) mbr_leg_free(&bridge->legs[i]);
  free(bridge->lent_methods);
  free(bridge->own_methods);
  free(bridge->link_name);
  pthread_mutex_destroy(&bridge->lock);
  free(bridge);
}

static mbr_bridge *make_bridge(uint16_t count) {
  mbr_bridge *bridge = calloc(1, sizeof *bridge + count * sizeof *bridge->legs);
  if (bridge == NULL) return NULL;
  if (pthread_mutex_init(&bridge->lock, NULL) == 0) return bridge;
  free(bridge);
  return NULL;
}

mbr_bridge *mbr_bridge_open(const mbr_remote_service *service, mbr_line *const *lines, uint16_t count) {
  mbr_bridge *bridge = count != 0 ? make_bridge(count) : NULL;
  if (bridge == NULL) return NULL;
  bool made = make_tables(bridge, service);
  while (made && bridge->leg_count < count) {
    made = mbr_leg_init(&bridge->legs[bridge->leg_count], bridge, lines[bridge->leg_count]);
    if (made) bridge->leg_count++;
  }
  if (!made) {
    free_bridge(bridge);
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    mbr_leg *leg = &bridge->legs[i];
    leg->is_added = true;
    mbr_line_add(leg->line, &leg->user);
  }
  return bridge;
}

/* A connection that the service is lent to. */
typedef struct mbr_loan {
  mbr_watch watch; /* first: the watch is the loan */
  mbr_bridge *bridge;
} mbr_loan;

static void count_lent(mbr_bridge *bridge, size_t change) {
  pthread_mutex_lock(&bridge->lock);
  bridge->lent += change;
  pthread_mutex_unlock(&bridge->lock);
}

static void end_loan(mbr_watch *watch) {
  mbr_loan *loan = (mbr_loan *)(void *)watch;
  mbr_bridge *bridge = loan->bridge;
  free(loan);
  count_lent(bridge, (size_t)-1);
}

/* The watch comes first: what is served cannot be taken back, but a connection may be watched for nothing. */
mbr_status mbr_bridge_lend(mbr_bridge *bridge, mbr_peer *peer) {
  mbr_loan *loan = malloc(sizeof *loan);
  if (loan == NULL) return MBR_NO_MEMORY;
  *loan = (mbr_loan){.watch.fn = end_loan, .bridge = bridge};
  count_lent(bridge, 1);
  const mbr_status status = mbr_peer_watch(peer, &loan->watch);
  if (status == MBR_OK) return mbr_peer_serve(peer, &bridge->service, NULL, bridge);
  free(loan);
  count_lent(bridge, (size_t)-1);
  return status;
}

size_t mbr_bridge_calls(mbr_bridge *bridge) {
  size_t calls = 0;
  for (size_t i = 0; i < bridge->leg_count; i++) calls += atomic_load(&bridge->legs[i].in_use);
  return calls;
}

bool mbr_bridge_close(mbr_bridge *bridge) {
  pthread_mutex_lock(&bridge->lock);
  const bool is_lent = bridge->lent != 0;
  pthread_mutex_unlock(&bridge->lock);
  if (is_lent) return false;
  for (size_t i = 0; i < bridge->leg_count; i++) {
    mbr_leg *leg = &bridge->legs[i];
    if (leg->is_added && !mbr_line_remove(leg->line, &leg->user)) return false;
    leg->is_added = false;
  }
  free_bridge(bridge);
  return true;
}
