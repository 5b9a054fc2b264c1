/* The command line: one table of commands and one of options, which drive parsing and --help. Knows no backend
 * and no schema. */
#ifndef COMPILER_OPTIONS_H
#define COMPILER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* X(id, "word" or "" for the command without one, "operands", "help") */
#define COMMAND_TABLE(X)                                                                                     \
  X(COMPILE, "", "FILE...", "compile contracts; without an output, check them")                              \
  X(EXPLAIN, "explain", "FILE...", "print frame sizes and memory of each service")                           \
  X(VENDOR, "vendor", "DIR", "write the C runtime's sources below DIR")

typedef enum command {
#define COMMAND_ENUM(id, word, operands, help) COMMAND_##id,
  COMMAND_TABLE(COMMAND_ENUM)
#undef COMMAND_ENUM
} command;

#define FOR(id) (1u << COMMAND_##id)
#define FOR_CONTRACTS (FOR(COMPILE) | FOR(EXPLAIN))

/* X(id, short letter or 0, "long", "ARGUMENT" or NULL, the commands it is for, "help") */
#define OPTION_TABLE(X)                                                                                      \
  X(DART, 0, "dart", "DIR", FOR(COMPILE), "write a Dart package below DIR")                                  \
  X(C, 0, "c", "DIR", FOR(COMPILE), "write C headers and sources, one of each a namespace, to DIR")          \
  X(C_CLIENT, 0, "c-client", "DIR", FOR(COMPILE),                                                            \
    "write the other side of each service in C to DIR, to test or call the first")                           \
  X(INCLUDE, 'I', "include", "DIR", FOR_CONTRACTS, "look for imports in DIR too (repeatable, in order)")     \
  X(PROFILE, 0, "profile", "NAME", FOR_CONTRACTS, "firmware: everything bounded, small code, static memory") \
  X(PACKAGE, 0, "package", "NAME", FOR(COMPILE),                                                             \
    "name of the Dart package (default: what all namespaces begin with)")                                    \
  X(LIBRARY, 0, "library", "NAME", FOR(COMPILE),                                                             \
    "shared library the Dart package opens (default: the package's name)")                                   \
  X(ABI, 0, "abi", "NAME", FOR(EXPLAIN), "ilp32 (default) or lp64: for which machine to measure C")          \
  X(WITH, 0, "with", "PARTS", FOR(VENDOR), "parts beside the core, as in dart,link")                         \
  X(VERSION, 0, "version", NULL, ~0u, "print the version and exit")                                          \
  X(HELP, 'h', "help", NULL, ~0u, "print this help and exit")

typedef struct options {
  command command;
  const char *dart;
  const char *c;
  const char *c_client;
  const char *profile;
  const char *package;
  const char *library;
  const char *abi;
  const char *with;
  const char **includes; /* pointers into argv */
  size_t include_count;
  const char **files; /* operands: of vendor, one folder */
  size_t file_count;
  bool version;
  bool help;
} options;

/* Reads the command line; options and files may be mixed, `--` ends options. The first word that is no option
 * may be a command. False, with a message on stderr: wrong usage. Free the result with options_free in either
 * case. */
bool options_parse(options *o, int argc, char **argv);
void options_free(options *o);

void options_help(FILE *out);

#endif
