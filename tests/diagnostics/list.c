/* Lists the diagnostics, a line each: group, number, ID, severity, and the message with … for what is filled
 * in. Knows the table alone. */
#include <stdio.h>
#include <string.h>

#include "../../idl/diag_table.h"

typedef enum { DIAG_ERROR, DIAG_WARNING } severity;

static void print_readable(const char *format) {
  for (const char *at = format; *at != 0;) {
    if (*at != '%') {
      (void)putchar(*at++);
      continue;
    }
    for (; *at == '%'; at++) at += strcspn(at, "diusxX");
    fputs("…", stdout);
  }
}

static void print_row(const char *group, int number, const char *id, severity s, const char *format) {
  printf("%s\t%03d\t%s\t%s\t", group, number, id, s == DIAG_ERROR ? "error" : "warning");
  print_readable(format);
  (void)putchar('\n');
}

int main(void) {
#define ROW(id, number, severity, format) print_row(group, number, #id, severity, format);
#define GROUP(name, table)                                                                                   \
  do {                                                                                                       \
    const char *group = name;                                                                                \
    table(ROW)                                                                                               \
  } while (0)
  GROUP("Files and imports", DIAG_TABLE_LOAD);
  GROUP("Text", DIAG_TABLE_LEX);
  GROUP("Syntax", DIAG_TABLE_PARSE);
  GROUP("Meaning", DIAG_TABLE_RESOLVE);
  GROUP("Generated C", DIAG_TABLE_C);
  GROUP("Generated Dart", DIAG_TABLE_DART);
  GROUP("The tool", DIAG_TABLE_DRIVER);
  return 0;
}
