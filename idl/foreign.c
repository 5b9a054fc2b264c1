/* Tables of words, without regard to capital letters. */
#include "foreign.h"

/* `own` is a word of ours; where `hint` stands instead there is no such word. */
typedef struct foreign {
  const char *word, *own, *hint;
} foreign;

#define OPTIONAL_HINT "; an optional is written 'name: T?'"
#define BOUND_HINT "; a bound belongs to the type, as in string<32> or list<T, 8>"
#define RESULT_HINT "; a method without a result has no '->'"
#define INTEGER_HINT "; integers are i8, i16, i32, i64, i128 and u8 to u128"
#define NUMBER_HINT "; NaN and infinity cannot be written"

static const foreign types[] = {
    {"int", NULL, INTEGER_HINT},
    {"integer", NULL, INTEGER_HINT},
    {"uint", NULL, INTEGER_HINT},
    {"long", "i64", NULL},
    {"ulong", "u64", NULL},
    {"short", "i16", NULL},
    {"ushort", "u16", NULL},
    {"byte", "u8", NULL},
    {"float", "f32", NULL},
    {"float32", "f32", NULL},
    {"double", "f64", NULL},
    {"float64", "f64", NULL},
    {"number", "f64", NULL},
    {"boolean", "bool", NULL},
    {"str", "string", NULL},
    {"text", "string", NULL},
    {"blob", "bytes", NULL},
    {"buffer", "bytes", NULL},
    {"vec", "list", NULL},
    {"vector", "list", NULL},
    {"sequence", "list", NULL},
    {"repeated", "list", NULL},
    {"dict", "map", NULL},
    {"dictionary", "map", NULL},
    {"hashmap", "map", NULL},
    {"hashset", "set", NULL},
    {"guid", "uuid", NULL},
    {"datetime", "timestamp", NULL},
    {"instant", "timestamp", NULL},
    {"timespan", "duration", NULL},
    {"option", NULL, OPTIONAL_HINT},
    {"optional", NULL, OPTIONAL_HINT},
    {"nullable", NULL, OPTIONAL_HINT},
    {"tuple", NULL, "; a tuple is written '(A, B)'"},
    {"void", NULL, RESULT_HINT},
    {"unit", NULL, RESULT_HINT},
};

static const foreign values[] = {
    {"null", "none", NULL},          {"nil", "none", NULL},      {"nullptr", "none", NULL},
    {"undefined", "none", NULL},     {"none", "none", NULL},     {"true", "true", NULL},
    {"false", "false", NULL},        {"nan", NULL, NUMBER_HINT}, {"inf", NULL, NUMBER_HINT},
    {"infinity", NULL, NUMBER_HINT},
};

static const foreign attributes[] = {
    {"min", "@range", NULL},
    {"max", "@range", NULL},
    {"minimum", "@range", NULL},
    {"maximum", "@range", NULL},
    {"limits", "@range", NULL},
    {"obsolete", "@deprecated", NULL},
    {"renamed", "@was", NULL},
    {"alias", "@was", NULL},
    {"deadline", "@timeout", NULL},
    {"optional", NULL, OPTIONAL_HINT},
    {"nullable", NULL, OPTIONAL_HINT},
    {"default", NULL, "; a default is written 'name: type = value'"},
    {"size", NULL, BOUND_HINT},
    {"length", NULL, BOUND_HINT},
    {"max_length", NULL, BOUND_HINT},
    {"max_size", NULL, BOUND_HINT},
    {"doc", NULL, "; documentation is written '/// text'"},
    {"description", NULL, "; documentation is written '/// text'"},
    {"async", NULL, "; methods are asynchronous unless they are 'sync'"},
    {"sync", NULL, "; write 'sync' before the method's name"},
    {"oneway", NULL, "; write 'oneway' before the method's name"},
};

static const foreign declarations[] = {
    {"package", "namespace", NULL}, {"module", "namespace", NULL}, {"include", "import", NULL},
    {"using", "import", NULL},      {"use", "import", NULL},       {"message", "struct", NULL},
    {"class", "struct", NULL},      {"record", "struct", NULL},    {"table", "struct", NULL},
    {"typedef", "type", NULL},      {"alias", "type", NULL},       {"variant", "union", NULL},
    {"oneof", "union", NULL},       {"exception", "error", NULL},  {"interface", "service", NULL},
    {"bitmask", "flags", NULL},     {"bitflags", "flags", NULL},   {"define", "const", NULL},
    {"enumeration", "enum", NULL},
};

static bool is_word(text t, const char *word) {
  if (t.size != strlen(word)) return false;
  for (size_t i = 0; i < t.size; i++) {
    char c = t.data[i] >= 'A' && t.data[i] <= 'Z' ? (char)(t.data[i] - 'A' + 'a') : t.data[i];
    if (c != word[i]) return false;
  }
  return true;
}

static const foreign *find(const foreign *words, size_t count, text word) {
  for (size_t i = 0; i < count; i++)
    if (is_word(word, words[i].word)) return &words[i];
  return NULL;
}
#define FIND(words, word) find((words), sizeof(words) / sizeof *(words), (word))

static const char *hint_of(arena *a, const foreign *found) {
  if (found == NULL) return "";
  return found->hint != NULL ? found->hint : arena_printf(a, "; did you mean '%s'?", found->own);
}

/* uint8_t, int32 and the like. */
static const char *sized_integer(arena *a, text word) {
  static const char *const own[] = {"i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    const char *plain = arena_printf(a, "%s%s", own[i][0] == 'u' ? "uint" : "int", own[i] + 1);
    if (is_word(word, plain) || is_word(word, arena_printf(a, "%s_t", plain)))
      return arena_printf(a, "; did you mean '%s'?", own[i]);
  }
  return "";
}

const char *foreign_type(arena *a, text word) {
  const foreign *found = FIND(types, word);
  return found != NULL ? hint_of(a, found) : sized_integer(a, word);
}

const char *foreign_value(arena *a, text word) { return hint_of(a, FIND(values, word)); }

const char *foreign_attribute(arena *a, text word) { return hint_of(a, FIND(attributes, word)); }

text foreign_declaration(text word) {
  const foreign *found = FIND(declarations, word);
  return found == NULL ? (text){0} : (text){found->own, strlen(found->own)};
}
