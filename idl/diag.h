/* Diagnostics: collected while a compilation runs, rendered once, sorted by place. */
#ifndef IDL_DIAG_H
#define IDL_DIAG_H

#include <stdio.h>

#include "source.h"

typedef enum diag_severity { DIAG_ERROR, DIAG_WARNING } diag_severity;

/* idl/diag_table.h: DIAG_TABLE(X) with X(ID, number, severity, "format"); numbers are never reused. */
#include "diag_table.h"

typedef enum diag_id {
#define DIAG_ENUM(id, number, severity, format) DIAG_##id,
  DIAG_TABLE(DIAG_ENUM)
#undef DIAG_ENUM
      DIAG_ID_COUNT
} diag_id;

typedef struct diags diags;
typedef struct diag diag;

diags *diags_new(arena *a);

/* Reports at a place (`at.file` NULL: about the run as a whole); the arguments fill the id's format. */
diag *diag_report(diags *d, diag_id id, span at, ...);
/* Adds "note: text" at another place. */
void diag_note(diag *d, span at, const char *format, ...) __attribute__((format(printf, 3, 4)));

size_t diags_errors(const diags *d);
size_t diags_warnings(const diags *d);

/* Renders all, sorted by file (in loading order), offset, id; duplicates at one place once. */
void diags_render(const diags *d, FILE *out);

#endif
