#include "explain.h"

#include <inttypes.h>
#include <string.h>

#include "../../include/mbr/link.h"
#include "../../include/mbr/memory.h"
#include "../frames.h"
#include "runtime_sizes.h"

/* What the budget takes for granted: calls open at once, each way, and what a link keeps of received bytes. */
#ifndef EXPLAIN_CALLS
#define EXPLAIN_CALLS 4u
#endif
#ifndef EXPLAIN_RING_SIZE
#define EXPLAIN_RING_SIZE 256u
#endif

enum { NUMBER_SIZE = 24, RANGE_SIZE = 2 * NUMBER_SIZE + 4 };

typedef struct runtime_sizes {
#define SIZE_MEMBER(name, ilp32, lp64) uint64_t name;
  RUNTIME_SIZES(SIZE_MEMBER)
#undef SIZE_MEMBER
} runtime_sizes;

static const runtime_sizes sizes_of[] = {
#define SIZE_SMALL(name, ilp32, lp64) .name = ilp32,
#define SIZE_LARGE(name, ilp32, lp64) .name = lp64,
    [ABI_ILP32] = {RUNTIME_SIZES(SIZE_SMALL)},
    [ABI_LP64] = {RUNTIME_SIZES(SIZE_LARGE)},
#undef SIZE_SMALL
#undef SIZE_LARGE
};

static const char *number(char *to, uint64_t value) {
  if (value == SCHEMA_UNBOUNDED) return "unbounded";
  snprintf(to, NUMBER_SIZE, "%" PRIu64, value);
  return to;
}

static const char *range(char *to, uint64_t min, uint64_t max) {
  char low[NUMBER_SIZE], high[NUMBER_SIZE];
  if (min == max) return number(to, min);
  snprintf(to, RANGE_SIZE, "%s to %s", number(low, min), number(high, max));
  return to;
}

static const char *path_of(const schema_method *m) {
  if (m->leaf) return "leaf";
  if (m->kind == SCHEMA_SYNC) return "sync";
  return m->is_inline ? "inline" : "frame";
}

static int width_of_names(const schema_decl *service) {
  size_t width = strlen("method");
  for (size_t i = 0; i < service->method_count; i++)
    if (service->methods[i].name.text.size > width) width = service->methods[i].name.text.size;
  return (int)width;
}

/* Called as a plain function in process: it has no frames. */
static bool is_direct(const schema_method *m) { return m->scalars && m->throws == NULL; }

static uint64_t with_header(uint64_t payload) { return layout_sum(MBR_FRAME_HEADER_SIZE, payload); }

static void print_method(FILE *out, const schema_decl *service, const schema_method *m, layout_abi abi) {
  char request[RANGE_SIZE] = "-", answer[RANGE_SIZE] = "-", decoded[NUMBER_SIZE] = "-", storage[NUMBER_SIZE] = "-";
  const char *cells[] = {request, answer, decoded, storage};
  const frame_sizes of = frames_of(m);
  if (!is_direct(m)) {
    cells[0] = range(request, with_header(of.call_min), with_header(of.call_max));
    if (m->kind != SCHEMA_ONEWAY) cells[1] = range(answer, with_header(of.answer_min), with_header(of.answer_max));
    cells[2] = number(decoded, service->is_host ? layout_answer(abi, m) : layout_arguments(abi, m));
  }
  if (m->kind != SCHEMA_SYNC && !service->is_host) cells[3] = number(storage, layout_storage(abi, m));
  fprintf(out, "  %-*.*s  %-6s  %18s  %18s  %10s  %10s\n", width_of_names(service), (int)m->name.text.size,
          m->name.text.data, path_of(m), cells[0], cells[1], cells[2], cells[3]);
  if (of.upload_max != 0)
    fprintf(out, "  %*s          items up to %s\n", width_of_names(service), "",
            number(request, with_header(of.upload_max)));
}

static void print_service(FILE *out, const schema_decl *service, layout_abi abi) {
  fprintf(out, "%s %.*s.%.*s\n", service->is_host ? "host service" : "service", TEXT_ARG(service->ns->name.text),
          TEXT_ARG(service->name.text));
  fprintf(out, "  %-*s  %-6s  %18s  %18s  %10s  %10s\n", width_of_names(service), "method", "path", "request",
          "answer", "arena", "storage");
  for (size_t i = 0; i < service->method_count; i++) print_method(out, service, &service->methods[i], abi);
  fputc('\n', out);
}

static bool is_compound(const schema_decl *d) {
  return d->kind == SCHEMA_STRUCT || d->kind == SCHEMA_UNION || d->kind == SCHEMA_ERROR;
}

static void print_types(FILE *out, const schema_namespace *ns, layout_abi abi) {
  size_t width = 0;
  for (size_t i = 0; i < ns->sorted_count; i++)
    if (is_compound(ns->sorted[i]) && strlen(ns->sorted[i]->name.c) > width) width = strlen(ns->sorted[i]->name.c);
  if (width == 0) return;
  fprintf(out, "types of %.*s\n  %-*s  %10s  %18s  %10s\n", TEXT_ARG(ns->name.text), (int)width, "type in C",
          "sizeof", "on the wire", "arena");
  for (size_t i = 0; i < ns->sorted_count; i++) {
    const schema_decl *d = ns->sorted[i];
    char size[NUMBER_SIZE], wire[RANGE_SIZE], decoded[NUMBER_SIZE];
    if (!is_compound(d)) continue;
    fprintf(out, "  %-*s  %10s  %18s  %10s\n", (int)width, d->name.c, number(size, layout_struct(abi, d)),
            range(wire, d->wire_min, d->wire_max), number(decoded, layout_struct_arena(abi, d)));
  }
  fputc('\n', out);
}

/* What a peer that serves all services, and calls all host services, takes. */
typedef struct needs {
  uint64_t services, served_methods, called;
  uint64_t storage, ending_room;
  uint64_t sent_max, frame_max, hello; /* the largest frames: of those sent, of all, of HELLOs sent */
  uint64_t answers;
} needs;

static void raise_to(uint64_t *most, uint64_t value) {
  if (value > *most) *most = value;
}

static void add_needs(needs *n, const schema_decl *service, layout_abi abi) {
  const frame_totals of = frames_of_service(service);
  raise_to(&n->frame_max, of.frame_max);
  if (service->is_host) {
    n->called++;
    raise_to(&n->sent_max, of.request_max);
    for (size_t i = 0; i < service->method_count; i++)
      raise_to(&n->answers, layout_answer(abi, &service->methods[i]));
    return;
  }
  n->services++;
  raise_to(&n->sent_max, of.answer_max);
  raise_to(&n->hello, of.hello);
  raise_to(&n->ending_room, of.ending_room);
  for (size_t i = 0; i < service->method_count; i++)
    raise_to(&n->storage, layout_storage(abi, &service->methods[i]));
}

static needs needs_of(const schema *s, layout_abi abi) {
  needs n = {.storage = 16, .frame_max = MBR_LINK_FRAME_MIN};
  for (size_t i = 0; i < s->namespace_count; i++)
    for (size_t k = 0; k < s->namespaces[i]->decl_count; k++)
      if (s->namespaces[i]->decls[k]->kind == SCHEMA_SERVICE) add_needs(&n, s->namespaces[i]->decls[k], abi);
  return n;
}

/* As MBR_OUTBOX_SIZE has it. */
static uint64_t outbox_size(const needs *n) {
  uint64_t promised = n->ending_room == SCHEMA_UNBOUNDED ? n->ending_room
                                                         : (EXPLAIN_CALLS + 1u) * n->ending_room / 3u * 4u + 4u;
  uint64_t frames = layout_product(4, layout_round(n->sent_max, 16)), size = 0x200;
  if (promised == SCHEMA_UNBOUNDED || frames == SCHEMA_UNBOUNDED) return SCHEMA_UNBOUNDED;
  while (size < promised || size < frames) size *= 2;
  return size;
}

static void print_part(FILE *out, uint64_t *total, const char *what, uint64_t count, uint64_t size) {
  char digits[NUMBER_SIZE];
  *total = layout_sum(*total, layout_product(count, size));
  if (count == 1)
    fprintf(out, "  %-44s  %10s\n", what, number(digits, size));
  else
    fprintf(out, "  %-30s%4" PRIu64 " × %-7s  %10s\n", what, count, number(digits, size),
            number((char[NUMBER_SIZE]){0}, layout_product(count, size)));
}

static void print_budget(FILE *out, const schema *s, layout_abi abi) {
  const needs n = needs_of(s, abi);
  const runtime_sizes *sizes = &sizes_of[abi];
  const uint64_t made = n.called != 0 ? EXPLAIN_CALLS : 0, calls = n.services != 0 ? EXPLAIN_CALLS : 1;
  uint64_t total = 0;
  char digits[NUMBER_SIZE];
  if (n.services + n.called == 0) return;
  fprintf(out, "memory of one end that serves and calls all of this, %u calls at a time each way\n", EXPLAIN_CALLS);
  print_part(out, &total, "peer", 1, sizes->mbr_peer);
  print_part(out, &total, "slots", calls, sizes->mbr_slot);
  print_part(out, &total, "storage of the slots", calls, n.storage);
  print_part(out, &total, "indices of the other side's calls", MBR_STATIC_CALLERS, 2);
  print_part(out, &total, "bindings", n.services != 0 ? n.services : 1, sizes->mbr_binding);
  print_part(out, &total, "requests", made != 0 ? made : 1, sizes->mbr_asked);
  print_part(out, &total, "outbox", 1, outbox_size(&n));
  print_part(out, &total, "link", 1, sizes->mbr_link);
  print_part(out, &total, "frame of the link", 1, layout_sum(n.frame_max, MBR_LINK_CRC_SIZE));
  print_part(out, &total, "HELLO of the link", 1, n.hello);
  print_part(out, &total, "ring of the link", 1, EXPLAIN_RING_SIZE);
  fprintf(out, "  %-44s  %10s\n", "total", number(digits, total));
  if (n.answers != 0)
    fprintf(out, "  on the stack while an answer is told: MBR_TELL_ARENA_SIZE, at least %s\n",
            number(digits, n.answers));
}

void explain(FILE *out, const schema *s, layout_abi abi) {
  fprintf(out, "Bytes, with C as on %s; frames with their headers. A fault may answer any call, in up to %u bytes.\n\n",
          abi == ABI_LP64 ? "lp64" : "ilp32", (unsigned)(MBR_FRAME_HEADER_SIZE + 12u + MBR_FAULT_TEXT_MAX));
  for (size_t i = 0; i < s->namespace_count; i++) {
    const schema_namespace *ns = s->namespaces[i];
    for (size_t k = 0; k < ns->decl_count; k++)
      if (ns->decls[k]->kind == SCHEMA_SERVICE) print_service(out, ns->decls[k], abi);
  }
  for (size_t i = 0; i < s->namespace_count; i++) print_types(out, s->namespaces[i], abi);
  print_budget(out, s, abi);
}
