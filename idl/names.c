/* Name conversion and the words that targets keep for themselves. Knows nothing of schemas: text in, text
 * out. */
#include "names.h"

#include <stdint.h>
#include <stdlib.h>

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char upper(char c) { return is_lower(c) ? (char)(c - 'a' + 'A') : c; }
static char lower(char c) { return is_upper(c) ? (char)(c - 'A' + 'a') : c; }

static bool starts_word(text name, size_t i) {
  char before = name.data[i - 1];
  if (!is_upper(name.data[i])) return false;
  return is_lower(before) || is_digit(before) ||
         (is_upper(before) && i + 1 < name.size && is_lower(name.data[i + 1]));
}

/* Takes the next word off `rest`; false at the end. */
static bool next_word(text *rest, text *word) {
  size_t start = 0;
  while (start < rest->size && (rest->data[start] == '_' || rest->data[start] == '.')) start++;
  size_t end = start;
  while (end < rest->size && rest->data[end] != '_' && rest->data[end] != '.' &&
         !(end > start && starts_word(*rest, end)))
    end++;
  *word = (text){rest->data + start, end - start};
  *rest = (text){rest->data + end, rest->size - end};
  return word->size > 0;
}

static char *join_snake(arena *a, text name, char (*letter)(char)) {
  char *out = arena_alloc(a, 2 * name.size + 1);
  size_t size = 0;
  text word;
  while (next_word(&name, &word)) {
    if (size > 0) out[size++] = '_';
    for (size_t i = 0; i < word.size; i++) out[size++] = letter(word.data[i]);
  }
  return out;
}

static char *join_camel(arena *a, text name, char (*first)(char)) {
  char *out = arena_alloc(a, name.size + 1);
  size_t size = 0;
  text word;
  while (next_word(&name, &word)) {
    /* 7_5 must not become 75. */
    if (size > 0 && is_digit(out[size - 1]) && is_digit(word.data[0])) out[size++] = '_';
    for (size_t i = 0; i < word.size; i++) {
      char c = word.data[i];
      out[size] = i > 0 ? lower(c) : size == 0 ? first(c) : upper(c);
      size++;
    }
  }
  return out;
}

char *names_snake(arena *a, text name) { return join_snake(a, name, lower); }
char *names_upper_snake(arena *a, text name) { return join_snake(a, name, upper); }
char *names_lower_camel(arena *a, text name) { return join_camel(a, name, lower); }
char *names_upper_camel(arena *a, text name) { return join_camel(a, name, upper); }

bool names_is_upper_camel(text name) {
  return name.size > 0 && is_upper(name.data[0]) && memchr(name.data, '_', name.size) == NULL;
}

bool names_is_snake(text name) {
  if (name.size == 0 || !is_lower(name.data[0]) || name.data[name.size - 1] == '_') return false;
  for (size_t i = 0; i < name.size; i++)
    if (is_upper(name.data[i]) || (i > 0 && name.data[i] == '_' && name.data[i - 1] == '_')) return false;
  return true;
}

/* clang-format off */
/* Sorted, as all tables here, for bsearch. */
static const char *const c_words[] = {
    "ATOMIC_FLAG_INIT", "ATOMIC_VAR_INIT", "BUFSIZ", "CHAR_BIT", "CHAR_MAX", "CHAR_MIN", "CLOCKS_PER_SEC",
    "DBL_DIG", "DBL_EPSILON", "DBL_MANT_DIG", "DBL_MAX", "DBL_MAX_EXP", "DBL_MIN", "DBL_MIN_EXP",
    "DBL_TRUE_MIN", "DECIMAL_DIG", "EDOM", "EILSEQ", "EOF", "ERANGE", "EXIT_FAILURE", "EXIT_SUCCESS",
    "FE_ALL_EXCEPT", "FE_DFL_ENV", "FE_DIVBYZERO", "FE_DOWNWARD", "FE_INEXACT", "FE_INVALID", "FE_OVERFLOW",
    "FE_TONEAREST", "FE_TOWARDZERO", "FE_UNDERFLOW", "FE_UPWARD", "FILE", "FILENAME_MAX", "FLT_DIG",
    "FLT_EPSILON", "FLT_EVAL_METHOD", "FLT_MANT_DIG", "FLT_MAX", "FLT_MAX_EXP", "FLT_MIN", "FLT_MIN_EXP",
    "FLT_RADIX", "FLT_ROUNDS", "FLT_TRUE_MIN", "FOPEN_MAX", "FP_FAST_FMA", "FP_INFINITE", "FP_NAN",
    "FP_NORMAL", "FP_SUBNORMAL", "FP_ZERO", "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "I", "INFINITY", "INTMAX_C",
    "INTMAX_MAX", "INTMAX_MIN", "INTPTR_MAX", "INTPTR_MIN", "INT_MAX", "INT_MIN", "LC_ALL", "LC_COLLATE",
    "LC_CTYPE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "LDBL_DIG", "LDBL_EPSILON", "LDBL_MAX", "LDBL_MIN",
    "LLONG_MAX", "LLONG_MIN", "LONG_MAX", "LONG_MIN", "MATH_ERREXCEPT", "MATH_ERRNO", "MB_CUR_MAX",
    "MB_LEN_MAX", "NAN", "NDEBUG", "NULL", "ONCE_FLAG_INIT", "PTRDIFF_MAX", "PTRDIFF_MIN", "RAND_MAX",
    "SCHAR_MAX", "SCHAR_MIN", "SEEK_CUR", "SEEK_END", "SEEK_SET", "SHRT_MAX", "SHRT_MIN", "SIG_ATOMIC_MAX",
    "SIG_ATOMIC_MIN", "SIG_DFL", "SIG_ERR", "SIG_IGN", "SIZE_MAX", "SSIZE_MAX", "TIME_UTC", "TMP_MAX",
    "UCHAR_MAX", "UINTMAX_C", "UINTMAX_MAX", "UINTPTR_MAX", "UINT_MAX", "ULLONG_MAX", "ULONG_MAX",
    "USHRT_MAX", "WCHAR_MAX", "WCHAR_MIN", "WINT_MAX", "WINT_MIN", "alignas", "alignof", "and", "and_eq",
    "asm", "assert", "auto", "bitand", "bitor", "blkcnt_t", "blksize_t", "bool", "break", "case", "catch",
    "char", "char16_t", "char32_t", "char8_t", "class", "clock_t", "cnd_t", "co_await", "co_return",
    "co_yield", "compl", "complex", "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "constraint_handler_t", "continue", "decltype", "default", "delete", "dev_t", "div_t", "do", "double",
    "dynamic_cast", "else", "enum", "errno", "errno_t", "explicit", "export", "extern", "false", "fenv_t",
    "fexcept_t", "float", "for", "fpclassify", "fpos_t", "friend", "gid_t", "goto", "i386", "id_t", "if",
    "imaginary", "imaxdiv_t", "inline", "ino_t", "int", "intmax_t", "intptr_t", "isfinite", "isgreater",
    "isgreaterequal", "isinf", "isless", "islessequal", "islessgreater", "isnan", "isnormal", "isunordered",
    "jmp_buf", "kill_dependency", "ldiv_t", "linux", "lldiv_t", "long", "math_errhandling", "max_align_t",
    "mbstate_t", "memory_order", "mips", "mode_t", "mtx_t", "mutable", "namespace", "new", "nlink_t",
    "noexcept", "noreturn", "not", "not_eq", "nullptr", "nullptr_t", "off_t", "offsetof", "once_flag",
    "operator", "or", "or_eq", "pid_t", "private", "protected", "ptrdiff_t", "public", "register",
    "reinterpret_cast", "requires", "restrict", "return", "rsize_t", "setjmp", "short", "sig_atomic_t",
    "signbit", "signed", "size_t", "sizeof", "sparc", "ssize_t", "static", "static_assert", "static_cast",
    "stderr", "stdin", "stdout", "struct", "sun", "switch", "template", "this", "thrd_t", "thread_local",
    "throw", "time_t", "true", "try", "tss_t", "typedef", "typeid", "typename", "typeof", "typeof_unqual",
    "uid_t", "uintmax_t", "uintptr_t", "union", "unix", "unsigned", "using", "va_arg", "va_copy", "va_end",
    "va_list", "va_start", "vax", "virtual", "void", "volatile", "wchar_t", "wctrans_t", "wctype_t", "while",
    "wint_t", "xor", "xor_eq",
};

static const char *const dart_words[] = {
    "assert", "await", "break", "case", "catch", "class", "const", "continue", "default", "do", "else",
    "enum", "extends", "false", "final", "finally", "for", "if", "in", "is", "new", "null", "rethrow",
    "return", "super", "switch", "this", "throw", "true", "try", "var", "void", "while", "with", "yield",
};

/* Fine as names of members and variables; not as an import prefix or the name of a library. `Function`
 * is one of them that cannot name a class either. */
static const char *const dart_builtins[] = {
    "Function", "abstract", "as", "covariant", "deferred", "dynamic", "export", "extension", "external",
    "factory", "get", "implements", "import", "interface", "late", "library", "mixin", "operator", "part",
    "required", "set", "static", "typedef",
};

/* Of every Dart object, and of generated classes. */
static const char *const dart_object_members[] = {"hashCode", "noSuchMethod", "runtimeType", "toString"};
static const char *const dart_class_members[] = {"copyWith", "toJson"};
static const char *const dart_enum_members[] = {
    "bits", "contains", "fromJson", "index", "isKnown", "name", "toJson", "value", "values", "without",
};
static const char *const dart_service_members[] = {"linkState", "withOptions"};
static const char *const c_parameters[] = {"call", "self"};
/* clang-format on */

static int compare_words(const void *key, const void *item) {
  return strcmp(key, *(const char *const *)item);
}

static bool is_in(const char *name, const char *const *words, size_t count) {
  return bsearch(name, words, count, sizeof *words, compare_words) != NULL;
}
#define IS_IN(name, words) is_in((name), (words), sizeof(words) / sizeof *(words))

static bool skip(const char **at, const char *word) {
  size_t size = strlen(word);
  if (strncmp(*at, word, size) != 0) return false;
  *at += size;
  return true;
}

/* uint8_t, int_fast32_t, INT_LEAST16_MAX, UINT64_C and the like. */
static bool is_stdint(const char *name) {
  const char *at = name;
  bool is_macro = skip(&at, "UINT") || skip(&at, "INT");
  if (!is_macro && !skip(&at, "uint") && !skip(&at, "int")) return false;
  (void)(skip(&at, is_macro ? "_FAST" : "_fast") || skip(&at, is_macro ? "_LEAST" : "_least"));
  if (!skip(&at, "8") && !skip(&at, "16") && !skip(&at, "32") && !skip(&at, "64")) return false;
  if (!is_macro) return strcmp(at, "_t") == 0;
  return strcmp(at, "_MAX") == 0 || strcmp(at, "_MIN") == 0 || strcmp(at, "_C") == 0;
}

bool names_reserved_in_c(const char *name) { return IS_IN(name, c_words) || is_stdint(name); }

bool names_reserved_in_dart(const char *name) {
  return IS_IN(name, dart_words) || IS_IN(name, dart_builtins);
}

static const char *escape(arena *a, const char *name, bool is_taken) {
  return is_taken ? arena_printf(a, "%s_", name) : name;
}

const char *names_escape_c(arena *a, const char *name, names_place where) {
  return escape(a, name, names_reserved_in_c(name) || (where == NAMES_PARAM && IS_IN(name, c_parameters)));
}

static bool taken_in_dart(const char *name, names_place where) {
  if (IS_IN(name, dart_words)) return true;
  switch (where) {
  case NAMES_NAMESPACE: return IS_IN(name, dart_builtins);
  case NAMES_GLOBAL:
  case NAMES_ARM: return strcmp(name, "Function") == 0;
  case NAMES_FIELD: return IS_IN(name, dart_object_members) || IS_IN(name, dart_class_members);
  case NAMES_MEMBER: return IS_IN(name, dart_object_members) || IS_IN(name, dart_enum_members);
  case NAMES_METHOD: return IS_IN(name, dart_object_members) || IS_IN(name, dart_service_members);
  case NAMES_PARAM: return false;
  }
  return false;
}

const char *names_escape_dart(arena *a, const char *name, names_place where) {
  return escape(a, name, taken_in_dart(name, where));
}
