/* The command line: one table that drives parsing and --help. Knows no backend and no schema. */
#ifndef COMPILER_OPTIONS_H
#define COMPILER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* X(field, short letter or 0, "long", "ARGUMENT" or NULL, "help") */
#define OPTION_TABLE(X)                                                                       \
  X(DART, 0, "dart", "DIR", "write a Dart package below DIR")                                 \
  X(C, 0, "c", "DIR", "write C headers and sources, one of each a namespace, to DIR")         \
  X(INCLUDE, 'I', "include", "DIR", "look for imports in DIR too (repeatable, in order)")     \
  X(PACKAGE, 0, "package", "NAME", "name of the Dart package (default: what all namespaces begin with)") \
  X(LIBRARY, 0, "library", "NAME", "shared library the Dart package opens (default: the package's name)") \
  X(VERSION, 0, "version", NULL, "print the version and exit")                                \
  X(HELP, 'h', "help", NULL, "print this help and exit")

typedef struct options {
  const char *dart;
  const char *c;
  const char *package;
  const char *library;
  const char **includes; /* pointers into argv */
  size_t include_count;
  const char **files;
  size_t file_count;
  bool version;
  bool help;
} options;

/* Reads the command line; options and files may be mixed, `--` ends options. False, with a message on
 * stderr: wrong usage. Free the result with options_free in either case. */
bool options_parse(options *o, int argc, char **argv);
void options_free(options *o);

void options_help(FILE *out);

#endif
