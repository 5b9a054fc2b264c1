#include "options.h"

#include <stdlib.h>
#include <string.h>

typedef enum option_id {
#define OPTION_ENUM(id, letter, name, argument, commands, help) OPTION_##id,
  OPTION_TABLE(OPTION_ENUM)
#undef OPTION_ENUM
} option_id;

typedef struct option {
  option_id id;
  char letter;
  const char *name;
  const char *argument;
  unsigned commands;
  const char *help;
} option;

static const option table[] = {
#define OPTION_ROW(id, letter, name, argument, commands, help) \
  {OPTION_##id, letter, name, argument, commands, help},
    OPTION_TABLE(OPTION_ROW)
#undef OPTION_ROW
};
static const size_t table_count = sizeof table / sizeof table[0];

typedef struct command_row {
  const char *word, *operands, *help;
} command_row;

static const command_row commands[] = {
#define COMMAND_ROW(id, word, operands, help) [COMMAND_##id] = {word, operands, help},
    COMMAND_TABLE(COMMAND_ROW)
#undef COMMAND_ROW
};
static const size_t command_count = sizeof commands / sizeof commands[0];

static bool wrong(const char *what, const char *which) {
  fprintf(stderr, "mbrc: %s %s\ntry 'mbrc --help'\n", what, which);
  return false;
}

/* Finds the option that `word` starts; `*value` is what is glued to it (--name=value, -Xvalue) or NULL. */
static const option *find(const char *word, const char **value) {
  *value = NULL;
  for (const option *o = table; o < table + table_count; o++) {
    size_t size = strlen(o->name);
    if (word[1] == '-' && strncmp(word + 2, o->name, size) == 0 &&
        (word[2 + size] == '\0' || word[2 + size] == '=')) {
      if (word[2 + size] == '=') *value = word + 3 + size;
      return o;
    }
    if (o->letter != 0 && word[1] == o->letter) {
      if (word[2] != '\0') *value = word + 2;
      return o;
    }
  }
  return NULL;
}

static bool set_once(const char **field, const char *value, const option *o) {
  if (*field != NULL) return wrong("given twice: --", o->name);
  *field = value;
  return true;
}

static bool apply(options *o, const option *which, const char *value) {
  switch (which->id) {
  case OPTION_DART: return set_once(&o->dart, value, which);
  case OPTION_C: return set_once(&o->c, value, which);
  case OPTION_C_CLIENT: return set_once(&o->c_client, value, which);
  case OPTION_PROFILE: return set_once(&o->profile, value, which);
  case OPTION_ABI: return set_once(&o->abi, value, which);
  case OPTION_WITH: return set_once(&o->with, value, which);
  case OPTION_PACKAGE: return set_once(&o->package, value, which);
  case OPTION_LIBRARY: return set_once(&o->library, value, which);
  case OPTION_INCLUDE: o->includes[o->include_count++] = value; return true;
  case OPTION_VERSION: o->version = true; return true;
  case OPTION_HELP: o->help = true; return true;
  }
  return false;
}

/* Takes the word of a command where none was given; false: it is a file. */
static bool take_command(options *o, bool *chosen, const char *word) {
  if (*chosen) return false;
  *chosen = true;
  for (size_t i = 0; i < command_count; i++) {
    if (strcmp(commands[i].word, word) != 0) continue;
    o->command = (command)i;
    return true;
  }
  return false;
}

static bool check_commands(const options *o, unsigned given) {
  for (const option *of = table; of < table + table_count; of++) {
    if ((given >> of->id & 1u) == 0 || (of->commands >> o->command & 1u) != 0) continue;
    const char *word = commands[o->command].word;
    fprintf(stderr, "mbrc: %s%s has no option --%s\ntry 'mbrc --help'\n", word[0] != '\0' ? "the command " : "compiling",
            word, of->name);
    return false;
  }
  return true;
}

bool options_parse(options *o, int argc, char **argv) {
  *o = (options){0};
  size_t count = argc > 0 ? (size_t)argc : 1;
  o->includes = calloc(count, sizeof *o->includes);
  o->files = calloc(count, sizeof *o->files);
  if (o->includes == NULL || o->files == NULL) return wrong("out of", "memory");
  bool only_files = false, chosen = false;
  unsigned given = 0; /* options, by id */
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (only_files || word[0] != '-' || word[1] == '\0') {
      if (only_files || !take_command(o, &chosen, word)) o->files[o->file_count++] = word;
      continue;
    }
    if (strcmp(word, "--") == 0) {
      only_files = true;
      continue;
    }
    const char *value;
    const option *which = find(word, &value);
    if (which == NULL) return wrong("unknown option", word);
    if (which->argument == NULL && value != NULL) return wrong("no value belongs to", word);
    if (which->argument != NULL && value == NULL) {
      if (i + 1 == argc) return wrong("a value is missing after", word);
      value = argv[++i];
    }
    if (value != NULL && value[0] == '\0') return wrong("the value is empty:", word);
    if (!apply(o, which, value)) return false;
    given |= 1u << which->id;
  }
  return check_commands(o, given);
}

void options_free(options *o) {
  free(o->includes);
  free(o->files);
}

void options_help(FILE *out) {
  for (const command_row *c = commands; c < commands + command_count; c++)
    fprintf(out, "%s mbrc %s%s[options] %s\n", c == commands ? "usage:" : "      ", c->word,
            c->word[0] != '\0' ? " " : "", c->operands);
  fputs("\n"
        "Compiles .mbr contracts, and all they import, into a C dispatch stub and a typed Dart\n"
        "package. Without an output it only checks. '-' reads standard input.\n"
        "\n",
        out);
  for (const command_row *c = commands + 1; c < commands + command_count; c++)
    fprintf(out, "  %-22s %s\n", c->word, c->help);
  fputc('\n', out);
  for (const option *o = table; o < table + table_count; o++) {
    char left[64];
    char letter[8] = "    ";
    if (o->letter != 0) snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->argument != NULL ? " " : "",
             o->argument != NULL ? o->argument : "");
    fprintf(out, "%-24s %s\n", left, o->help);
  }
  fputs("\n"
        "Exit status: 0 done, 1 an error in the input or while writing, 2 wrong usage.\n",
        out);
}
