/* Finds functions of Dart's native API by name, so that no header of the Dart SDK is needed. The table
 * is one for all isolates of a process. Knows nothing of connections. */
#include "dl.h"

#include <stddef.h>
#include <string.h>

#define DL_MAJOR 2

typedef struct dl_entry {
  const char *name; /* NULL ends the table */
  void (*function)(void);
} dl_entry;

typedef struct dl_table {
  int major;
  int minor;
  const dl_entry *entries;
} dl_table;

typedef bool post_integer(int64_t port, int64_t value);
typedef void *current_isolate(void);
typedef void *new_finalizable_handle(void *handle, void *memory, intptr_t size, mbr_dl_finalizer *finalize);

static post_integer *post;
static current_isolate *current;
static new_finalizable_handle *attach;

static void (*find(const dl_table *table, const char *name))(void) {
  for (const dl_entry *entry = table->entries; entry->name != NULL; entry++) {
    if (strcmp(entry->name, name) == 0) return entry->function;
  }
  return NULL;
}

bool mbr_dl_load(const void *data) {
  const dl_table *table = data;
  if (table == NULL || table->major != DL_MAJOR) return false;
  post_integer *found = (post_integer *)find(table, "Dart_PostInteger");
  current_isolate *isolate = (current_isolate *)find(table, "Dart_CurrentIsolate");
  new_finalizable_handle *handle = (new_finalizable_handle *)find(table, "Dart_NewFinalizableHandle");
  if (found == NULL || isolate == NULL || handle == NULL) return false;
  /* Written once: other threads may be posting by now. */
  if (post == NULL) {
    current = isolate;
    attach = handle;
    post = found;
  }
  return true;
}

bool mbr_dl_post(int64_t port, int64_t value) { return post(port, value); }

bool mbr_dl_attach(void *handle, void *memory, size_t size, mbr_dl_finalizer *finalize) {
  return attach(handle, memory, (intptr_t)size, finalize) != NULL;
}

bool mbr_dl_in_dart(void) { return current() != NULL; }
