/* What generated descriptors tell about a service and its methods beyond their codecs: the hashes by which
 * two sides find out whether they mean the same, deadlines, windows. Knows no files. */
#include "dart.h"

/* In hexadecimal: not every platform of Dart has integers that hold it. */
static const char *hash_of(arena *a, uint64_t hash) {
  return arena_printf(a, "'%016llx'", (unsigned long long)hash);
}

static const char *full_name(arena *a, const schema_decl *d) {
  return arena_printf(a, "%.*s.%.*s", TEXT_ARG(d->ns->name.text), TEXT_ARG(d->name.text));
}

void dart_put_contract(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  dart_put(f, "\n");
  const char *open = arena_printf(a, "static const _contract = MbrContract('%s'", full_name(a, d));
  if (d->reach_count == 0) {
    dart_line(f, 2, "%s);", open);
    return;
  }
  const char **items = ARENA_ARRAY(a, const char *, d->reach_count);
  for (size_t i = 0; i < d->reach_count; i++)
    items[i] =
        arena_printf(a, "MbrType('%s', %s)", full_name(a, d->reaches[i]), hash_of(a, d->reaches[i]->shape));
  dart_list(f, 2, arena_printf(a, "%s, [", open), items, d->reach_count, "]);");
}

static size_t index_in(const schema_decl *service, const schema_decl *type) {
  size_t index = 0;
  while (service->reaches[index] != type) index++;
  return index;
}

const char *dart_identity(arena *a, const schema_method *m) {
  return arena_printf(a, "0x%08x, %s, %s", m->id, dart_string(a, m->id_text), hash_of(a, m->fingerprint));
}

const char *dart_reached(arena *a, const schema_decl *d, const schema_method *m) {
  const char *all = "";
  for (size_t i = 0; i < m->reach_count; i++)
    all = arena_printf(a, "%s%s%zu%s", all, i == 0 ? ", types: [" : ", ", index_in(d, m->reaches[i]),
                       i + 1 == m->reach_count ? "]" : "");
  return all;
}

static const char *timeout_of(dart_file *f, const schema_method *m) {
  arena *a = f->package->arena;
  if (m->timeout_us == 0) return "MbrTimeout.none";
  long long ms = m->timeout_us / 1000;
  bool is_whole = ms % 1000 == 0;
  return arena_printf(a, "%s(%s: %lld)", dart_core(f, "Duration"), is_whole ? "seconds" : "milliseconds",
                      is_whole ? ms / 1000 : ms);
}

const char *dart_manners(dart_file *f, const schema_method *m) {
  arena *a = f->package->arena;
  const char *all = m->has_timeout ? arena_printf(a, ", timeout: %s", timeout_of(f, m)) : "";
  if (m->buffer > 0 && m->result_is_stream) all = arena_printf(a, "%s, window: %u", all, (unsigned)m->buffer);
  bool is_bytes =
      m->result != NULL && m->result->kind == SCHEMA_BYTES && m->result->bound == SCHEMA_UNBOUNDED;
  return arena_printf(a, "%s%s%s%s", all, m->is_inline ? ", isInline: true" : "",
                      m->latest ? ", isLatest: true" : "",
                      is_bytes && !m->result_is_stream ? ", isBytes: true" : "");
}
