/* Every diagnostic of mbrc: X(ID, number, severity, "format"). Numbers are shown to users and never
 * reused: 1 to 199 loading and parsing, 200 to 799 resolving, 800 to 899 backends, 900 to 999 the tool. */
#ifndef IDL_DIAG_TABLE_H
#define IDL_DIAG_TABLE_H

/* clang-format off */
#define DIAG_TABLE(X) \
  DIAG_TABLE_LOAD(X) DIAG_TABLE_LEX(X) DIAG_TABLE_PARSE(X) DIAG_TABLE_RESOLVE(X) \
  DIAG_TABLE_C(X) DIAG_TABLE_DART(X) DIAG_TABLE_DRIVER(X)

#define DIAG_TABLE_LOAD(X) \
  X(CANNOT_READ,          1, DIAG_ERROR,   "cannot read '%s': %s") \
  X(IMPORT_NOT_FOUND,     2, DIAG_ERROR,   "cannot find '%s'") \
  X(IMPORT_CYCLE,         3, DIAG_ERROR,   "importing '%s' here closes a cycle") \
  X(IMPORT_SELF,          4, DIAG_ERROR,   "a file cannot import itself") \
  X(IMPORT_PATH,          5, DIAG_ERROR,   "the import %s") \
  X(IMPORT_TWICE,         6, DIAG_WARNING, "'%s' is imported already")

#define DIAG_TABLE_LEX(X) \
  X(MALFORMED_UTF8,      20, DIAG_ERROR,   "malformed UTF-8; save the file as UTF-8") \
  X(NUL_BYTE,            21, DIAG_ERROR,   "a NUL byte cannot stand in a schema") \
  X(CONTROL_CHARACTER,   22, DIAG_ERROR,   "control character U+%04X%s") \
  X(STRAY_CHARACTER,     23, DIAG_ERROR,   "unexpected '%.*s'%s") \
  X(OPEN_COMMENT,        24, DIAG_ERROR,   "this comment is never closed; expected '*/'") \
  X(OPEN_STRING,         25, DIAG_ERROR,   "this string is not closed on its line; expected '\"'") \
  X(BAD_ESCAPE,          26, DIAG_ERROR,   "unknown escape '%.*s' in a string; there are \\n \\t \\\" \\\\ and \\u{…}") \
  X(BAD_CODE_POINT,      27, DIAG_ERROR,   "'%.*s' is no Unicode character; write \\u{0} to \\u{10ffff}, without surrogates") \
  X(BAD_NUMBER,          28, DIAG_ERROR,   "'%.*s' is not a number: %s") \
  X(NOT_TEXT,            29, DIAG_ERROR,   "this is not UTF-8 text%s")

#define DIAG_TABLE_PARSE(X) \
  X(EXPECTED,            40, DIAG_ERROR,   "expected %s, found %s%s") \
  X(EXPECTED_AFTER,      41, DIAG_ERROR,   "expected %s after %s") \
  X(UNCLOSED,            42, DIAG_ERROR,   "expected '}' before this declaration; declarations do not nest") \
  X(UNFINISHED,          43, DIAG_ERROR,   "the declaration before this one is not finished") \
  X(UNMATCHED_BRACE,     44, DIAG_ERROR,   "this '}' closes nothing") \
  X(NESTING,             45, DIAG_ERROR,   "types nest at most %d deep") \
  X(STREAM_PLACE,        46, DIAG_ERROR,   "'stream' stands only before the type of a parameter or a result") \
  X(NO_NAMESPACE,        47, DIAG_ERROR,   "the file has no namespace; begin it with 'namespace NAME;'") \
  X(SECOND_NAMESPACE,    48, DIAG_ERROR,   "a file has one namespace") \
  X(LATE_NAMESPACE,      49, DIAG_ERROR,   "'namespace' comes first in a file") \
  X(LATE_IMPORT,         50, DIAG_ERROR,   "imports come before the declarations") \
  X(DOC_UNUSED,          51, DIAG_WARNING, "this doc comment documents nothing%s")
#define DIAG_TABLE_RESOLVE(X) \
  X(DUPLICATE_DECL,      200, DIAG_ERROR,   "'%.*s' is declared twice in namespace '%.*s'") \
  X(BUILTIN_NAME,        201, DIAG_ERROR,   "'%.*s' is a word for types of the language and cannot name one of yours") \
  X(UNKNOWN_NAME,        202, DIAG_ERROR,   "there is no %s '%s'%s") \
  X(UNKNOWN_NAMESPACE,   203, DIAG_ERROR,   "no file that is imported here has the namespace '%s'%s") \
  X(NOT_IMPORTED,        204, DIAG_ERROR,   "'%s' is declared in '%s', which this file does not import") \
  X(NOT_A,               205, DIAG_ERROR,   "'%s' is %s, not %s") \
  X(UNUSED_IMPORT,       206, DIAG_WARNING, "nothing of '%.*s' is used here") \
  X(NAMESPACE_CYCLE,     207, DIAG_ERROR,   "namespaces '%.*s' and '%.*s' use each other; move what both need to a third") \
  X(NAMESPACE_RESERVED,  208, DIAG_ERROR,   "namespace '%.*s' is kept for the runtime, whose C names begin with 'mbr_'") \
  X(STYLE_UPPER_CAMEL,   209, DIAG_WARNING, "types and services are written in UpperCamel: '%s'") \
  X(STYLE_SNAKE,         210, DIAG_WARNING, "this name is written in snake_case: '%s'") \
  X(DUPLICATE_MEMBER,    211, DIAG_ERROR,   "'%.*s' is declared twice in '%s'") \
  X(NAME_COLLISION,      212, DIAG_ERROR,   "%s collides with %s: both are '%s' in %s") \
  X(TAKES_NO_ARGUMENTS,  230, DIAG_ERROR,   "'%s' takes no arguments") \
  X(TYPE_FORM,           231, DIAG_ERROR,   "'%.*s' is written %s") \
  X(TYPE_EXPECTED,       232, DIAG_ERROR,   "expected a type, found a value") \
  X(BOUND_EXPECTED,      233, DIAG_ERROR,   "expected an integer or the name of an integer constant") \
  X(COUNT_RANGE,         234, DIAG_ERROR,   "expected a number from 1 to %d, found %s") \
  X(OPTIONAL_TWICE,      235, DIAG_ERROR,   "an optional cannot be optional again") \
  X(NESTING_BY_ALIAS,    236, DIAG_ERROR,   "types nest at most %d deep, aliases included") \
  X(TYPE_TOO_LARGE,      237, DIAG_ERROR,   "this type consists of more than %d types, aliases included") \
  X(STREAM_AS_TYPE,      238, DIAG_ERROR,   "'stream' is no type; it stands before the type of a parameter or a result") \
  X(NOT_HASHABLE,        239, DIAG_ERROR,   "'%s' cannot be the %s; that is for bool, integers, char, string, uuid, timestamp, duration, enums, flags, and optionals, tuples and structs of these") \
  X(VALUE_TOO_LARGE,     240, DIAG_ERROR,   "'%s' takes more than %d bytes by value in C; a list would hold them elsewhere") \
  X(DEFINED_BY_ITSELF,   241, DIAG_ERROR,   "'%.*s' is defined by itself") \
  X(CONTAINS_ITSELF,     242, DIAG_ERROR,   "struct '%.*s' contains itself; put an optional, a list or a union between") \
  X(NO_FINITE_VALUE,     243, DIAG_ERROR,   "no value of '%.*s' could ever end: each arm needs another one") \
  X(VALUE_KIND,          260, DIAG_ERROR,   "expected %s") \
  X(VALUE_FITS_NOT,      261, DIAG_ERROR,   "%s does not fit %s, which holds %s to %s") \
  X(VALUE_OUT_OF_RANGE,  262, DIAG_ERROR,   "%.*s is outside of the range") \
  X(STRING_TOO_LONG,     263, DIAG_ERROR,   "this string has %zu bytes; at most %s fit") \
  X(UNKNOWN_MEMBER,      264, DIAG_ERROR,   "'%.*s' is no member of '%.*s'%s%s") \
  X(NO_LITERAL,          265, DIAG_ERROR,   "a value of '%s' cannot be written in a schema") \
  X(NONE_NOT_OPTIONAL,   266, DIAG_ERROR,   "'none' is for optional types; '%s' is not optional") \
  X(CONST_KIND,          267, DIAG_ERROR,   "constant '%.*s' has type '%s'; expected '%s'") \
  X(STREAM_DEFAULT,      268, DIAG_ERROR,   "a stream has no default") \
  X(FLOAT_TOO_LARGE,     269, DIAG_ERROR,   "%.*s is too large for %s") \
  X(DART_INT_VALUE,      270, DIAG_ERROR,   "%s is above %s, the most that '@dart(int)' holds") \
  X(EMPTY_DECL,          290, DIAG_ERROR,   "%s '%.*s' has no %s") \
  X(ENUM_TYPE,           291, DIAG_ERROR,   "%s '%.*s' needs an %s of at most 64 bits") \
  X(VALUE_NEEDS_TYPE,    292, DIAG_ERROR,   "an enum that gives values says their type, as in 'enum %.*s: u8'") \
  X(DUPLICATE_VALUE,     293, DIAG_ERROR,   "'%.*s' has the value of '%.*s': %s") \
  X(MEMBER_FITS_NOT,     294, DIAG_ERROR,   "'%.*s' would be %s; %s holds %s to %s") \
  X(NO_BIT_LEFT,         295, DIAG_ERROR,   "no bit of %s is left for '%.*s'") \
  X(FLAGS_TYPE,          296, DIAG_ERROR,   "flags say their type, as in 'flags %.*s: u8'") \
  X(UNKNOWN_ATTRIBUTE,   310, DIAG_ERROR,   "there is no attribute '@%.*s'%s") \
  X(ATTRIBUTE_PLACE,     311, DIAG_ERROR,   "'@%.*s' does not go with %s; it goes with %s") \
  X(ATTRIBUTE_TWICE,     312, DIAG_ERROR,   "'@%.*s' is given twice") \
  X(ATTRIBUTE_FORM,      313, DIAG_ERROR,   "'@%.*s' is written %s") \
  X(RANGE_TYPE,          314, DIAG_ERROR,   "'@range' needs a number, or optionals, lists or arrays of one; this is '%s'") \
  X(RANGE_EMPTY,         315, DIAG_ERROR,   "min is above max") \
  X(RANGE_WIDER,         316, DIAG_ERROR,   "'%s' lies outside of the range that the type has already") \
  X(DART_INT_TYPE,       317, DIAG_ERROR,   "'@dart(int)' needs u64, or optionals, lists or arrays of it; this is '%s'") \
  X(TIMEOUT_VALUE,       318, DIAG_ERROR,   "a deadline lies between 1ms and %dms; '@timeout(none)' waits for ever") \
  X(TIMEOUT_METHOD,      319, DIAG_ERROR,   "a %s method has no deadline") \
  X(NOT_RECURSIVE,       320, DIAG_ERROR,   "'@max_depth' needs a type that contains itself; '%.*s' does not") \
  X(LEAF_METHOD,         321, DIAG_ERROR,   "'@leaf' needs a sync method without throws whose parameters and result are single machine numbers: %s") \
  X(LATEST_METHOD,       322, DIAG_ERROR,   "'@latest' needs a method whose result is a stream") \
  X(BUFFER_METHOD,       323, DIAG_ERROR,   "'@buffer' needs a method with a stream") \
  X(INLINE_METHOD,       324, DIAG_ERROR,   "'@inline' needs a plain method; a %s method is not") \
  X(WAS_NAME,            325, DIAG_ERROR,   "expected the old name of the method, found \"%.*s\"") \
  X(METHOD_SHAPE,        350, DIAG_ERROR,   "a %s method has no %s") \
  X(TWO_STREAMS,         351, DIAG_ERROR,   "a method has at most one stream parameter") \
  X(METHOD_ID,           352, DIAG_ERROR,   "'%.*s' and '%.*s' have the same number 0x%08x on the wire; rename one") \
  X(METHOD_TWICE,        353, DIAG_ERROR,   "two methods are '%.*s' on the wire; '@was' takes the name of a method that is gone") \
  X(HOST_SYNC,           354, DIAG_ERROR,   "a host service has no sync methods; C waits for a plain one by its blocking call")

#define DIAG_TABLE_C(X) \
  X(C_UNSUPPORTED,       800, DIAG_ERROR,   "mbrc does not generate %s for C") \
  X(C_TYPE_NAME_TAKEN,   801, DIAG_ERROR,   "this type becomes 'struct %s' in C, and so does another one; rename what it holds") \
  X(FIRMWARE_UNBOUNDED,  802, DIAG_ERROR,   "this has no bound, and firmware has no memory for all that it could hold; write %s") \
  X(FIRMWARE_RECURSIVE,  803, DIAG_ERROR,   "'%.*s' contains itself, and firmware has no memory for all that it could hold") \
  X(FIRMWARE_TOO_LARGE,  804, DIAG_ERROR,   "this takes up to %s bytes on the wire; firmware has at most %u for it")

#define DIAG_TABLE_DART(X) \
  X(DART_NAME_TAKEN,     851, DIAG_ERROR,   "'%.*s' becomes '%s' in Dart, and so does %s; rename one") \
  X(DART_NAME_RESERVED,  852, DIAG_ERROR,   "'%.*s' becomes '%s' in Dart, where names with 'Mbr' in front are the runtime's")

#define DIAG_TABLE_DRIVER(X) \
  X(NO_PACKAGE_NAME,     900, DIAG_ERROR,   "the namespaces have no common beginning to name the Dart package after; give --package NAME")
/* R(number): those of messages that are gone. */
#define DIAG_TABLE_RETIRED(R) R(850)
/* clang-format on */

#endif
