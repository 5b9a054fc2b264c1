/* The grammar: every production, every word as a name, documentation, and recovery from errors. Trees are
 * compared as text in one canonical form. */
#include "idl_test.h"

static void show_qname(FILE *out, const ast_qname *name) {
  for (const struct ast_part *part = name->parts; part != NULL; part = part->next) {
    fprintf(out, "%.*s%s", TEXT_ARG(part->name.text), part->next != NULL ? "." : "");
  }
}

static void show_value(FILE *out, const ast_value *value) {
  static const char *const kinds[] = {"int",   "float", "string", "duration", "true",
                                      "false", "none",  "empty",  "name"};
  fprintf(out, "%s", kinds[value->kind]);
  if (value->kind == AST_VALUE_STRING) fprintf(out, " \"%.*s\"", TEXT_ARG(value->string));
  if (value->kind <= AST_VALUE_DURATION && value->kind != AST_VALUE_STRING) {
    fprintf(out, " %s%.*s", value->negative ? "-" : "", TEXT_ARG(value->text));
  }
  if (value->kind == AST_VALUE_NAME) {
    fputc(' ', out);
    show_qname(out, value->name);
  }
}

static void show_type(FILE *out, const ast_type *type);

static void show_args(FILE *out, const ast_arg *args) {
  for (const ast_arg *arg = args; arg != NULL; arg = arg->next) {
    if (arg->type != NULL) show_type(out, arg->type);
    if (arg->value != NULL) show_value(out, arg->value);
    if (arg->next != NULL) fputs(", ", out);
  }
}

static void show_type(FILE *out, const ast_type *type) {
  switch (type->kind) {
  case AST_TYPE_NAME: show_qname(out, type->name); break;
  case AST_TYPE_GENERIC:
    show_qname(out, type->name);
    fputc('<', out);
    show_args(out, type->args);
    fputc('>', out);
    break;
  case AST_TYPE_OPTIONAL:
    show_type(out, type->item);
    fputc('?', out);
    break;
  case AST_TYPE_TUPLE:
    fputc('(', out);
    show_args(out, type->args);
    fputc(')', out);
    break;
  }
}

static void show_lead(FILE *out, ast_lead lead) {
  if (lead.doc.size != 0) fprintf(out, "[%.*s] ", TEXT_ARG(lead.doc));
  for (const ast_attr *attr = lead.attrs; attr != NULL; attr = attr->next) {
    fprintf(out, "@%.*s", TEXT_ARG(attr->name.text));
    if (attr->has_parens) fputc('(', out);
    for (const ast_attr_arg *arg = attr->args; arg != NULL; arg = arg->next) {
      if (arg->key.text.size != 0) fprintf(out, "%.*s = ", TEXT_ARG(arg->key.text));
      show_value(out, arg->value);
      if (arg->next != NULL) fputs(", ", out);
    }
    fputs(attr->has_parens ? ") " : " ", out);
  }
}

static void show_fields(FILE *out, const ast_field *fields) {
  for (const ast_field *field = fields; field != NULL; field = field->next) {
    show_lead(out, field->lead);
    fprintf(out, "%.*s: %s", TEXT_ARG(field->name.text), field->is_stream ? "stream " : "");
    show_type(out, field->type);
    if (field->value != NULL) {
      fputs(" = ", out);
      show_value(out, field->value);
    }
    fputs("; ", out);
  }
}

static void show_arms(FILE *out, const ast_arm *arms) {
  for (const ast_arm *arm = arms; arm != NULL; arm = arm->next) {
    show_lead(out, arm->lead);
    fprintf(out, "%.*s", TEXT_ARG(arm->name.text));
    if (arm->type != NULL) {
      fputs(": ", out);
      show_type(out, arm->type);
    }
    if (arm->has_fields) {
      fputs(" { ", out);
      show_fields(out, arm->fields);
      fputc('}', out);
    }
    fputs("; ", out);
  }
}

static void show_methods(FILE *out, const ast_method *methods) {
  static const char *const kinds[] = {"", "sync ", "oneway "};
  for (const ast_method *method = methods; method != NULL; method = method->next) {
    show_lead(out, method->lead);
    fprintf(out, "%s%.*s(", kinds[method->kind], TEXT_ARG(method->name.text));
    show_fields(out, method->params);
    fputc(')', out);
    if (method->result != NULL) {
      fprintf(out, " -> %s", method->result_is_stream ? "stream " : "");
      show_type(out, method->result);
    }
    if (method->throws != NULL) {
      fputs(" throws ", out);
      show_qname(out, method->throws);
    }
    fputs("; ", out);
  }
}

static void show_decl(FILE *out, const ast_decl *decl) {
  static const char *const kinds[] = {"const",  "type",  "enum",  "flags",
                                      "struct", "union", "error", "service"};
  show_lead(out, decl->lead);
  fprintf(out, "%s%s%s%s %.*s", decl->damaged ? "DAMAGED " : "", decl->is_open ? "open " : "",
          decl->is_host ? "host " : "", kinds[decl->kind], TEXT_ARG(decl->name.text));
  if (decl->type != NULL) {
    fputs(": ", out);
    show_type(out, decl->type);
  }
  if (decl->value != NULL) {
    fputs(" = ", out);
    show_value(out, decl->value);
  }
  fputs(" { ", out);
  for (const ast_member *member = decl->members; member != NULL; member = member->next) {
    show_lead(out, member->lead);
    fprintf(out, "%.*s", TEXT_ARG(member->name.text));
    if (member->value != NULL) {
      fputs(" = ", out);
      show_value(out, member->value);
    }
    fputs("; ", out);
  }
  show_fields(out, decl->fields);
  show_arms(out, decl->arms);
  show_methods(out, decl->methods);
  fputs("}\n", out);
}

/* To be freed. */
static char *show(const ast_file *file) {
  char *shown = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&shown, &size);
  assert_non_null(out);
  if (file->damaged) fputs("DAMAGED ", out);
  if (file->doc.size != 0) fprintf(out, "[%.*s] ", TEXT_ARG(file->doc));
  if (file->namespace_name != NULL) show_qname(out, file->namespace_name);
  for (const ast_import *import = file->imports; import != NULL; import = import->next) {
    fprintf(out, " \"%.*s\"", TEXT_ARG(import->path));
  }
  fputc('\n', out);
  for (const ast_decl *decl = file->decls; decl != NULL; decl = decl->next) show_decl(out, decl);
  fclose(out);
  return shown;
}

static void assert_tree(run r, const char *tree) {
  char *shown = show(r.file);
  assert_string_equal(shown, tree);
  free(shown);
}

/* Parses `input` behind a namespace; compares the tree (without its first line) and the report. */
static void check(const char *input, const char *tree, const char *report) {
  run r = run_new();
  char *whole = arena_printf(r.arena, "namespace n;\n%s", input);
  r.file = idl_parse(r.arena, r.diags, source_new(r.arena, "t.mbr", (text){whole, strlen(whole)}, 0));
  char *shown = show(r.file);
  char *rest = strchr(shown, '\n');
  assert_string_equal(rest + 1, tree);
  free(shown);
  assert_report(r, report);
  run_free(r);
}

static void parses(const char *input, const char *tree) { check(input, tree, ""); }

static void files(void **state) {
  (void)state;
  run r = run_parse(
      TEXT("//! One.\n//!\n//! Two.\nnamespace a.b.c;\nimport \"x.mbr\";\nimport \"y\\u{e9}.mbr\";\n"));
  assert_tree(r, "[One.\n\nTwo.] a.b.c \"x.mbr\" \"yé.mbr\"\n");
  assert_report(r, "");
  run_free(r);
  r = run_parse(TEXT("\xef\xbb\xbfnamespace a;\r\nconst b: u8 = 1;\r\n"));
  assert_tree(r, "a\nconst b: u8 = int 1 { }\n");
  assert_report(r, "");
  assert_int_equal(r.file->decls->name.at.offset, 23);
  run_free(r);
}

static void constants_and_aliases(void **state) {
  (void)state;
  parses("const a: u8 = 4; const b: f32 = -1.5; const c: string = \"x\\n\\t\\\"\\\\\\u{41}\\u{1F600}\";",
         "const a: u8 = int 4 { }\nconst b: f32 = float -1.5 { }\nconst c: string = string \"x\n\t\"\\A😀\" { "
         "}\n");
  parses(
      "const a: duration = 500ms; const b: x = true; const b: x = false; const d: y = none; const e: z = [];",
      "const a: duration = duration 500ms { }\nconst b: x = true { }\nconst b: x = false { }\n"
      "const d: y = none { }\nconst e: z = empty { }\n");
  parses("const a: b.C = D; const a: b = c.d.E; const a: i8 = -0x7F;",
         "const a: b.C = name D { }\nconst a: b = name c.d.E { }\nconst a: i8 = int -0x7F { }\n");
  parses("type a = u8; type b = list<u8, max>; type c = array<x.y, 3>?;",
         "type a: u8 { }\ntype b: list<u8, max> { }\ntype c: array<x.y, int 3>? { }\n");
}

static void types(void **state) {
  (void)state;
  parses("type a = map<string<32>, list<(u8, u16?)?>>;",
         "type a: map<string<int 32>, list<(u8, u16?)?>> { }\n");
  parses("type a = (u8); type b = ((a, b), c)?;", "type a: (u8) { }\ntype b: ((a, b), c)? { }\n");
  parses("type a = u8??;", "type a: u8?? { }\n");
  parses("type a = x.y<u8, \"s\", -1, 2.5, 1s, 0b1>;",
         "type a: x.y<u8, string \"s\", int -1, float 2.5, duration 1s, int 0b1> { }\n");
}

static void enums_and_flags(void **state) {
  (void)state;
  parses("enum E { a } enum F { a, b, } enum G {} open enum H: i8 { a = -1, b = 0x10, c }",
         "enum E { a; }\nenum F { a; b; }\nenum G { }\nopen enum H: i8 { a = int -1; b = int 0x10; c; }\n");
  parses("flags F: u8 { a, @x b = 0b10 } flags G { a }",
         "flags F: u8 { a; @x b = int 0b10; }\nflags G { a; }\n");
}

static void structs_and_unions(void **state) {
  (void)state;
  parses("struct A {} struct B { a: u8; b: c.D? = none; e: f = [] ; }",
         "struct A { }\nstruct B { a: u8; b: c.D? = none; e: f = empty; }\n");
  parses("union U { a; b: u8; c { } d { e: u8 = 1; f: g; } } error E { h; }",
         "union U { a; b: u8; c { }; d { e: u8 = int 1; f: g; }; }\nerror E { h; }\n");
}

static void services(void **state) {
  (void)state;
  parses("service S {} host service T { a(); }", "service S { }\nhost service T { a(); }\n");
  parses("service S { a(b: u8); a(b: u8,); a(b: u8 = 1, c: stream d) ; }",
         "service S { a(b: u8; ); a(b: u8; ); a(b: u8 = int 1; c: stream d; ); }\n");
  parses("service S { a() -> b; a() -> stream b?; a() throws c.D; a() -> stream (b, c) throws D; }",
         "service S { a() -> b; a() -> stream b?; a() throws c.D; a() -> stream (b, c) throws D; }\n");
  parses("service S { sync a() -> b; oneway c(); @x sync d(@y(1s) e: f); }",
         "service S { sync a() -> b; oneway c(); @x sync d(@y(duration 1s) e: f; ); }\n");
}

static void attributes(void **state) {
  (void)state;
  parses("@a @b(1) @c(x = -1.5, y = \"z\", none) @d(e.F) struct S { @g h: i; }",
         "@a @b(int 1) @c(x = float -1.5, y = string \"z\", none) @d(name e.F) struct S { @g h: i; }\n");
  parses("@a enum E { @b c } @d error F { @e g; @h i { @j k: l; } } @m const n: o = 1; @p type q = r;",
         "@a enum E { @b c; }\n@d error F { @e g; @h i { @j k: l; }; }\n@m const n: o = int 1 { }\n@p type "
         "q: r { }\n");
  parses("@a open enum E { b } @c host service S { }", "@a open enum E { b; }\n@c host service S { }\n");
}

static void spans(void **state) {
  (void)state;
  run r = run_parse(TEXT("namespace a . b;\nstruct S { @x(1) c: list< (u8 , d.e) >? = - 5; }"));
  const ast_field *field = r.file->decls->fields;
  assert_int_equal(r.file->namespace_name->at.offset, 10);
  assert_int_equal(r.file->namespace_name->at.size, 5);
  assert_int_equal(field->lead.attrs->at.offset, 28);
  assert_int_equal(field->lead.attrs->at.size, 5);
  assert_int_equal(field->name.at.offset, 34);
  assert_int_equal(field->type->at.offset, 37);
  assert_int_equal(field->type->at.size, 19);
  assert_int_equal(field->type->depth, 3);
  assert_int_equal(field->type->item->at.size, 18);
  assert_int_equal(field->value->at.offset, 59);
  assert_int_equal(field->value->at.size, 3);
  run_free(r);
}

/* Each word of the language, wherever a name can stand. */
static void every_word_is_a_name(void **state) {
  (void)state;
  static const char *const words[] = {"namespace", "import", "const", "type",  "open",    "enum", "flags",
                                      "struct",    "union",  "error", "host",  "service", "sync", "oneway",
                                      "stream",    "throws", "true",  "false", "none",    "u8",   "list"};
  static const char input[] =
      "namespace W.W.x;\n"
      "const W: W.W.T = W.W.W;\n"
      "@W @W(x = W.W) enum E { W, @W W = 1 }\n"
      "flags F: u8 { W }\n"
      "struct S { W: W.W.T; W: W.T? = W.W; @W W: list<W.T, W.c>; W: (W.T, u8); }\n"
      "union U { W; W: W.T; W { W: u8; } @W W; }\n"
      "service V { W(W: u8); W(); @W W(W: stream W.T, @W W: W.T); sync W() -> W.T; oneway W(); @x sync W();"
      " W() -> stream W.W.T throws W.W; W() throws W; W() -> W.T throws W; }\n"
      "struct W { } type W = W.T; union W { } error W { } service W { } enum W { } open enum W { } flags W { "
      "}"
      " host service W { }\n";
  static const char tree[] =
      "W.W.x\n"
      "const W: W.W.T = name W.W.W { }\n"
      "@W @W(x = name W.W) enum E { W; @W W = int 1; }\n"
      "flags F: u8 { W; }\n"
      "struct S { W: W.W.T; W: W.T? = name W.W; @W W: list<W.T, W.c>; W: (W.T, u8); }\n"
      "union U { W; W: W.T; W { W: u8; }; @W W; }\n"
      "service V { W(W: u8; ); W(); @W W(W: stream W.T; @W W: W.T; ); sync W() -> W.T; oneway W(); @x sync "
      "W(); "
      "W() -> stream W.W.T throws W.W; W() throws W; W() -> W.T throws W; }\n"
      "struct W { }\ntype W: W.T { }\nunion W { }\nerror W { }\nservice W { }\nenum W { }\nopen enum W { }\n"
      "flags W { }\nhost service W { }\n";
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    char texts[2][8192];
    const char *const patterns[2] = {input, tree};
    for (size_t which = 0; which < 2; which++) {
      size_t used = 0;
      for (const char *at = patterns[which]; *at != 0; at++) {
        const char *piece = *at == 'W' ? words[i] : at;
        size_t size = *at == 'W' ? strlen(piece) : 1;
        assert_true(used + size < sizeof texts[which]);
        memcpy(texts[which] + used, piece, size);
        used += size;
      }
      texts[which][used] = 0;
    }
    run r = run_parse((text){texts[0], strlen(texts[0])});
    assert_report(r, "");
    assert_tree(r, texts[1]);
    run_free(r);
  }
}

static void documentation(void **state) {
  (void)state;
  parses("/// One.\n///   Two.  \n///\n// not this\n//// nor this\n/** nor this */\n///Three.\n"
         "struct S {\n/// Four.\n@x\n/// Five.\na: u8;\n}",
         "[One.\n  Two.\n\nThree.] struct S { [Four.\nFive.] @x a: u8; }\n");
  parses("/// A\nopen enum E { /// B\nb,\n/// C\nc }\n/// D\n@x host service S {\n/// E\nsync e(\n/// F\nf: "
         "g);\n}",
         "[A] open enum E { [B] b; [C] c; }\n[D] @x host service S { [E] sync e([F] f: g; ); }\n");
  parses("union U {\n/// A\na;\n/// B\nb: c;\n/// D\nd {\n/// E\ne: f; } }\r\n/// G\r\nconst g: h = 1;\r\n",
         "union U { [A] a; [B] b: c; [D] d { [E] e: f; }; }\n[G] const g: h = int 1 { }\n");
}

static void documentation_of_nothing(void **state) {
  (void)state;
  check("struct S {\n  a: u8; /// of a\n  /// of none\n}\n/// of none", "struct S { a: u8; }\n",
        "t.mbr:3:10: warning: this doc comment documents nothing; it stands before what it documents, on a "
        "line of its "
        "own [mbr-051]\n    a: u8; /// of a\n           ^~~~~~~~\n"
        "t.mbr:4:3: warning: this doc comment documents nothing [mbr-051]\n    /// of none\n    ^~~~~~~~~~~\n"
        "t.mbr:6:1: warning: this doc comment documents nothing [mbr-051]\n  /// of none\n  ^~~~~~~~~~~\n");
  check("struct S { }\n//! late\n@x /// a\n@y struct T { }", "struct S { }\n@x @y struct T { }\n",
        "t.mbr:3:1: warning: this doc comment documents nothing; '//!' stands before the first declaration "
        "[mbr-051]\n"
        "  //! late\n  ^~~~~~~~\n"
        "t.mbr:4:4: warning: this doc comment documents nothing; it stands before what it documents, on a "
        "line of its "
        "own [mbr-051]\n  @x /// a\n     ^~~~~\n");
  assert_reported(
      TEXT("/// of what?\nnamespace a;\n"),
      "t.mbr:1:1: warning: this doc comment documents nothing; the namespace is documented with '//!' "
      "[mbr-051]\n  /// of what?\n  ^~~~~~~~~~~~\n");
}

static void order_of_items(void **state) {
  (void)state;
  assert_reported(TEXT(""),
                  "t.mbr:1:1: error: the file has no namespace; begin it with 'namespace NAME;' [mbr-047]\n"
                  "  \n  ^\n");
  assert_reported(TEXT("// only this\n"),
                  "t.mbr:1:1: error: the file has no namespace; begin it with 'namespace NAME;' [mbr-047]\n"
                  "  // only this\n  ^\n");
  assert_reported(TEXT("struct S { }"),
                  "t.mbr:1:1: error: the file has no namespace; begin it with 'namespace NAME;' [mbr-047]\n"
                  "  struct S { }\n  ^~~~~~\n");
  assert_reported(TEXT("import \"x\";\nnamespace a;"),
                  "t.mbr:2:1: error: 'namespace' comes first in a file [mbr-049]\n"
                  "  namespace a;\n  ^~~~~~~~~~~\n");
  assert_reported(
      TEXT("namespace a;\nstruct S { }\nimport \"x\";\nnamespace b.c;\n"),
      "t.mbr:3:1: error: imports come before the declarations [mbr-050]\n  import \"x\";\n  ^~~~~~~~~~\n"
      "t.mbr:4:1: error: a file has one namespace [mbr-048]\n  namespace b.c;\n  ^~~~~~~~~~~~~\n"
      "t.mbr:1:11: note: this is its namespace\n  namespace a;\n            ^\n");
}

static void streams_in_other_places(void **state) {
  (void)state;
  check(
      "struct S { a: stream u8; b: list<stream u8>; c: u8; }\nunion U { d: stream u8; }\ntype T = stream u8;",
      "DAMAGED struct S { a: u8; c: u8; }\nDAMAGED union U { d: u8; }\nDAMAGED type T { }\n",
      "t.mbr:2:15: error: 'stream' stands only before the type of a parameter or a result [mbr-046]\n"
      "  struct S { a: stream u8; b: list<stream u8>; c: u8; }\n                ^~~~~~\n"
      "t.mbr:2:34: error: 'stream' stands only before the type of a parameter or a result [mbr-046]\n"
      "  struct S { a: stream u8; b: list<stream u8>; c: u8; }\n                                   ^~~~~~\n"
      "t.mbr:3:14: error: 'stream' stands only before the type of a parameter or a result [mbr-046]\n"
      "  union U { d: stream u8; }\n               ^~~~~~\n"
      "t.mbr:4:10: error: 'stream' stands only before the type of a parameter or a result [mbr-046]\n"
      "  type T = stream u8;\n           ^~~~~~\n");
}

/* A mark that is missing is put in: the tree is whole. */
static void missing_marks(void **state) {
  (void)state;
  check("import \"x\"\nconst a: u8 = 1\nstruct S {\n  a: u8\n  b: u8 }",
        "const a: u8 = int 1 { }\nstruct S { a: u8; b: u8; }\n",
        "t.mbr:2:11: error: expected ';' after a string [mbr-041]\n  import \"x\"\n            ^\n"
        "t.mbr:3:16: error: expected ';' after '1' [mbr-041]\n  const a: u8 = 1\n                 ^\n"
        "t.mbr:5:8: error: expected ';' after 'u8' [mbr-041]\n    a: u8\n         ^\n"
        "t.mbr:6:8: error: expected ';' after 'u8' [mbr-041]\n    b: u8 }\n         ^\n");
  check("struct S { a: list<list<u8; b: u8 c: u8; }\nenum E { a b }\nservice T { m(a: u8; n(a: u8 -> u8; }",
        "struct S { a: list<list<u8>>; b: u8; c: u8; }\nenum E { a; b; }\nservice T { m(a: u8; ); n(a: u8; ) "
        "-> u8; }\n",
        "t.mbr:2:27: error: expected '>' after 'u8' [mbr-041]\n"
        "  struct S { a: list<list<u8; b: u8 c: u8; }\n                            ^\n"
        "t.mbr:2:34: error: expected ';' after 'u8' [mbr-041]\n"
        "  struct S { a: list<list<u8; b: u8 c: u8; }\n                                   ^\n"
        "t.mbr:3:11: error: expected ',' after 'a' [mbr-041]\n  enum E { a b }\n            ^\n"
        "t.mbr:4:20: error: expected ')' after 'u8' [mbr-041]\n"
        "  service T { m(a: u8; n(a: u8 -> u8; }\n                     ^\n"
        "t.mbr:4:29: error: expected ')' after 'u8' [mbr-041]\n"
        "  service T { m(a: u8; n(a: u8 -> u8; }\n                              ^\n");
  check("struct S\n  a: u8;\n}", "struct S { a: u8; }\n",
        "t.mbr:2:9: error: expected '{' after 'S' [mbr-041]\n  struct S\n          ^\n");
}

static void exchanged_separators_are_told_once(void **state) {
  (void)state;
  check("struct S { a: u8, b: u8, c: u8 }\nenum E { a; b; c }",
        "struct S { a: u8; b: u8; c: u8; }\nenum E { a; b; c; }\n",
        "t.mbr:2:17: error: expected ';', found ',' [mbr-040]\n  struct S { a: u8, b: u8, c: u8 }\n          "
        "        ^\n"
        "t.mbr:3:11: error: expected ',', found ';' [mbr-040]\n  enum E { a; b; c }\n            ^\n");
}

/* Each error by itself: one message, and the rest of the file is as it should be. */
static void one_error_each(void **state) {
  (void)state;
  static const struct {
    const char *input, *tree, *message, *column;
  } cases[] = {
      {"const a: u8 = ;", "DAMAGED const a { }\n", "expected a value, found ';'", "15"},
      {"const = 5;", "", "expected a name, found '='", "7"},
      {"const a = 5;", "DAMAGED const a { }\n",
       "expected ':', found '='; a constant is written 'const name: type = value'", "9"},
      {"const a: = 5;", "DAMAGED const a { }\n", "expected a type, found '='", "10"},
      {"const a: u8 = -;", "DAMAGED const a { }\n", "expected a number, found ';'", "16"},
      {"const a: u8 = [1];", "DAMAGED const a { }\n",
       "expected ']', found '1'; nothing but '[]' can be written for a list, set or map", "16"},
      {"const a: u8 = b.;", "DAMAGED const a { }\n", "expected a name, found ';'", "17"},
      {"type a = ;", "DAMAGED type a { }\n", "expected a type, found ';'", "10"},
      {"type a: u8;", "DAMAGED type a { }\n", "expected '=', found ':'", "7"},
      {"type a = list<>;", "DAMAGED type a { }\n", "expected a type or a number, found '>'", "15"},
      {"type a = ();", "DAMAGED type a { }\n", "expected a type, found ')'; a tuple has at least one type",
       "11"},
      {"type a = [u8];", "DAMAGED type a { }\n", "expected a type, found '['; a list is written 'list<T>'",
       "10"},
      {"enum { a }", "", "expected a name, found '{'", "6"},
      {"enum E = { a }", "DAMAGED enum E { }\n", "expected ':' or '{', found '='", "8"},
      {"enum E { a = b, c }", "DAMAGED enum E { c; }\n", "expected an integer, found 'b'", "14"},
      {"enum E { a, 5, c }", "DAMAGED enum E { a; c; }\n", "expected a member or '}', found '5'", "13"},
      {"enum E { 5 }", "DAMAGED enum E { }\n", "expected a member or '}', found '5'", "10"},
      {"open struct S { }", "", "expected 'enum', found 'struct'; only an enum can be 'open'", "6"},
      {"host enum S { }", "", "expected 'service', found 'enum'; only a service can be a 'host' one", "6"},
      {"struct S { 5; a: u8; }", "DAMAGED struct S { a: u8; }\n", "expected a field or '}', found '5'", "12"},
      {"struct S { a; b: u8; }", "DAMAGED struct S { b: u8; }\n",
       "expected ':', found ';'; write 'name: type'", "13"},
      {"struct S { u8 a; b: u8; }", "DAMAGED struct S { b: u8; }\n",
       "expected ':', found 'a'; write 'name: type'", "15"},
      {"struct S { a: ; b: u8; }", "DAMAGED struct S { b: u8; }\n", "expected a type, found ';'", "15"},
      {"struct S { a: u8 8; b: u8; }", "DAMAGED struct S { b: u8; }\n", "expected ';' or '=', found '8'",
       "18"},
      {"struct S { a: u8 = ; b: u8; }", "DAMAGED struct S { b: u8; }\n", "expected a value, found ';'", "20"},
      {"struct S { a: { x: u8; } b: u8; }", "DAMAGED struct S { b: u8; }\n", "expected a type, found '{'",
       "15"},
      {"struct S { @ a: u8; }", "DAMAGED struct S { }\n", "expected a field, found ':'", "15"},
      {"struct S { @a() b: u8; }", "DAMAGED struct S { }\n",
       "expected a value, found ')'; an attribute without arguments has no '()'", "15"},
      {"struct S { @a(1 b: u8; }", "DAMAGED struct S { }\n", "expected ',' or ')', found 'b'", "17"},
      {"struct S { };", "struct S { }\n", "expected a declaration, found ';'; no ';' follows a '}'", "13"},
      {"struct S extends T { a: u8; }", "DAMAGED struct S { }\n", "expected '{', found 'extends'", "10"},
      {"union U { 5; a; }", "DAMAGED union U { a; }\n", "expected an arm or '}', found '5'", "11"},
      {"union U { a = 1; b; }", "DAMAGED union U { b; }\n", "expected ';', ':' or '{', found '='", "13"},
      {"union U { a { 5; b: u8; } c; }", "DAMAGED union U { a { b: u8; }; c; }\n",
       "expected a field or '}', found '5'", "15"},
      {"service S { 5; a(); }", "DAMAGED service S { a(); }\n", "expected a method or '}', found '5'", "13"},
      {"service S { a; b(); }", "DAMAGED service S { b(); }\n", "expected '(', found ';'", "14"},
      {"service S { a(5); b(); }", "DAMAGED service S { b(); }\n", "expected a parameter or ')', found '5'",
       "15"},
      {"service S { a(x); b(); }", "DAMAGED service S { b(); }\n",
       "expected ':', found ')'; write 'name: type'", "16"},
      {"service S { a() -> ; b(); }", "DAMAGED service S { b(); }\n", "expected a type, found ';'", "20"},
      {"service S { a() -> stream; b(); }", "DAMAGED service S { b(); }\n", "expected a type, found ';'",
       "26"},
      {"service S { a() : u8; b(); }", "DAMAGED service S { b(); }\n",
       "expected ';', '->' or 'throws', found ':'; a result is written '-> T'", "17"},
      {"service S { a() throws; b(); }", "DAMAGED service S { b(); }\n", "expected a name, found ';'", "23"},
      {"namespace b", "", "expected ';' after 'b'", "12"},
      {"import x;", "", "expected a string, found 'x'; a path stands in quotes, as in import \"common.mbr\"",
       "8"},
      {"strcut S { a: u8; }", "", "expected a declaration, found 'strcut'; did you mean 'struct'?", "1"},
      {"message S { a: u8; }", "", "expected a declaration, found 'message'; did you mean 'struct'?", "1"},
      {"@a;", "", "expected a declaration, found ';'", "3"},
      {"\"abc\";", "", "expected a declaration, found a string", "1"},
      {"}", "", "this '}' closes nothing", "1"},
      {"struct", "", "expected a name after 'struct'", "7"},
      {"struct S", "DAMAGED struct S { }\n", "expected '{' after 'S'", "9"},
      {"const a: u8 = 5", "DAMAGED const a { }\n", "expected ';' after '5'", "16"},
  };
  static const char after[] = "\nenum Last { last }\n", last[] = "enum Last { last; }\n";
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bool at_end = strstr(cases[i].message, " after ") != NULL;
    run r = run_new();
    char *whole = arena_printf(r.arena, "namespace n;\n%s%s", cases[i].input, at_end ? "" : after);
    r.file = idl_parse(r.arena, r.diags, source_new(r.arena, "t.mbr", (text){whole, strlen(whole)}, 0));
    char *head = arena_printf(r.arena, "t.mbr:2:%s: error: %s [mbr-0", cases[i].column, cases[i].message);
    char *report = run_report(r);
    if (strncmp(report, head, strlen(head)) != 0) fail_msg("%s\ngave: %s", head, report);
    free(report);
    if (diags_errors(r.diags) != 1) fail_msg("'%s' gave %zu errors", cases[i].input, diags_errors(r.diags));
    char *wanted = arena_printf(r.arena, "%s%s", cases[i].tree, at_end ? "" : last);
    char *shown = show(r.file);
    assert_string_equal(strchr(shown, '\n') + 1, wanted);
    free(shown);
    run_free(r);
  }
}

static void one_run_shows_all_errors(void **state) {
  (void)state;
  check(
      "const a: u8 = ;\nstruct S {\n  b: ;\n  c: u8;\n  d u8;\n}\nenum E { a, 1, b }\nservice T {\n  m(;\n  "
      "n();\n}\n"
      "struct U { a: 0x; }\ntype V = u8;",
      "DAMAGED const a { }\nDAMAGED struct S { c: u8; }\nDAMAGED enum E { a; b; }\nservice T { m(); n(); }\n"
      "DAMAGED struct U { }\ntype V: u8 { }\n",
      "t.mbr:2:15: error: expected a value, found ';' [mbr-040]\n  const a: u8 = ;\n                ^\n"
      "t.mbr:4:6: error: expected a type, found ';' [mbr-040]\n    b: ;\n       ^\n"
      "t.mbr:6:5: error: expected ':', found 'u8'; write 'name: type' [mbr-040]\n    d u8;\n      ^~\n"
      "t.mbr:8:13: error: expected a member or '}', found '1' [mbr-040]\n  enum E { a, 1, b }\n              "
      "^\n"
      "t.mbr:10:5: error: expected ')' after '(' [mbr-041]\n    m(;\n      ^\n"
      "t.mbr:13:15: error: '0x' is not a number: digits are missing [mbr-028]\n  struct U { a: 0x; }\n"
      "                ^~\n");
}

static void forgotten_braces(void **state) {
  (void)state;
  check("struct A {\n  a: u8;\n\nstruct B { b: u8; }\nenum C { c, d\nopen enum D { e }\nunion E { f { g: "
        "u8;\nservice F { }",
        "DAMAGED struct A { a: u8; }\nstruct B { b: u8; }\nDAMAGED enum C { c; d; }\nopen enum D { e; }\n"
        "DAMAGED union E { f { g: u8; }; }\nservice F { }\n",
        "t.mbr:5:1: error: expected '}' before this declaration; declarations do not nest [mbr-042]\n"
        "  struct B { b: u8; }\n  ^~~~~~\n"
        "t.mbr:2:10: note: to close this '{'\n  struct A {\n           ^\n"
        "t.mbr:7:1: error: expected '}' before this declaration; declarations do not nest [mbr-042]\n"
        "  open enum D { e }\n  ^~~~\n"
        "t.mbr:6:8: note: to close this '{'\n  enum C { c, d\n         ^\n"
        "t.mbr:9:1: error: expected '}' before this declaration; declarations do not nest [mbr-042]\n"
        "  service F { }\n  ^~~~~~~\n"
        "t.mbr:8:9: note: to close this '{'\n  union E { f { g: u8;\n          ^\n");
  check("struct A {\n  a: u8;\n", "DAMAGED struct A { a: u8; }\n",
        "t.mbr:3:9: error: expected '}' after ';' [mbr-041]\n    a: u8;\n          ^\n"
        "t.mbr:2:10: note: to close this '{'\n  struct A {\n           ^\n");
  check("const a: u8 =\nstruct B { }", "DAMAGED const a { }\nstruct B { }\n",
        "t.mbr:3:1: error: the declaration before this one is not finished [mbr-043]\n  struct B { }\n  "
        "^~~~~~\n");
}

static void nested_declarations(void **state) {
  (void)state;
  check("struct A { struct B { b: u8; } a: B; }\nstruct C { }",
        "DAMAGED struct A { }\nstruct B { b: u8; }\nstruct C { }\n",
        "t.mbr:2:12: error: expected '}' before this declaration; declarations do not nest [mbr-042]\n"
        "  struct A { struct B { b: u8; } a: B; }\n             ^~~~~~\n"
        "t.mbr:2:10: note: to close this '{'\n  struct A { struct B { b: u8; } a: B; }\n           ^\n");
}

static void unterminated_things_say_so_once(void **state) {
  (void)state;
  check("struct S { x: u8; /* no end\n}", "DAMAGED struct S { x: u8; }\n",
        "t.mbr:2:19: error: this comment is never closed; expected '*/' [mbr-024]\n  struct S { x: u8; /* no "
        "end\n"
        "                    ^~\n");
  check("const x: string = \"no end;\nconst y: u8 = 1;", "DAMAGED const x { }\nconst y: u8 = int 1 { }\n",
        "t.mbr:2:19: error: this string is not closed on its line; expected '\"' [mbr-025]\n"
        "  const x: string = \"no end;\n                    ^~~~~~~~\n");
}

static void nesting(void **state) {
  (void)state;
  char *open = repeat("list<", IDL_MAX_NESTING), *close = repeat(">", IDL_MAX_NESTING);
  run r = run_new();
  char *fits =
      arena_printf(r.arena, "namespace n;\nservice S { m(a: u8, b: stream %su8%s = []); }", open, close);
  r.file = idl_parse(r.arena, r.diags, source_new(r.arena, "t.mbr", (text){fits, strlen(fits)}, 0));
  assert_report(r, "");
  assert_int_equal(r.file->decls->methods->params->next->type->depth, IDL_MAX_NESTING);
  char *more = arena_printf(r.arena, "namespace n; struct S { a: %su8%s?; b: u8; c: list<%su8%s>; }", open,
                            close, open, close);
  r.file = idl_parse(r.arena, r.diags, source_new(r.arena, "u.mbr", (text){more, strlen(more)}, 1));
  assert_int_equal(count_in_report(r, "error: types nest at most 64 deep [mbr-045]"), 2);
  assert_int_equal(diags_errors(r.diags), 2);
  assert_tree(r, arena_printf(r.arena, "n\nDAMAGED struct S { a: %su8%s; b: u8; }\n", open, close));
  free(open);
  free(close);
  run_free(r);
}

static void deep_nesting_is_one_error(void **state) {
  (void)state;
  enum { DEPTH = 20000 };
  static const struct {
    const char *open, *close, *error;
  } cases[] = {{"(", ")", "types nest at most"},         {"list<", ">", "types nest at most"},
               {"u8", "?", "types nest at most"},        {"{", "}", "expected a type, found '{'"},
               {"[", "]", "expected a type, found '['"}, {"map<u8, (", ")>", "types nest at most"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bool is_mark = cases[i].open[0] == 'u';
    char *open = repeat(cases[i].open, is_mark ? 1 : DEPTH), *close = repeat(cases[i].close, DEPTH);
    run r = run_new();
    char *input = arena_printf(r.arena, "namespace n; struct S { a: %s%s%s; b: u8; }", open,
                               is_mark ? "" : "u8", close);
    r.file = idl_parse(r.arena, r.diags, source_new(r.arena, "t.mbr", (text){input, strlen(input)}, 0));
    assert_int_equal(diags_errors(r.diags), 1);
    assert_int_equal(count_in_report(r, cases[i].error), 1);
    assert_true(r.file->decls->damaged);
    free(open);
    free(close);
    run_free(r);
  }
}

static void binary_files_are_one_error(void **state) {
  (void)state;
  assert_reported(
      TEXT("\x7f"
           "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0"),
      "t.mbr:1:1: error: this is not UTF-8 text [mbr-029]\n"
      "  \\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x03\\x00\n  ^~~~\n");
  assert_reported(TEXT("\xff\xfen\0a\0m\0e\0s\0p\0a\0c\0e\0 \0"),
                  "t.mbr:1:1: error: this is not UTF-8 text; it looks like UTF-16 [mbr-029]\n"
                  "  \\xff\\xfen\\x00a\\x00m\\x00e\\x00s\\x00p\\x00a\\x00c\\x00e\\x00 \\x00\n  ^~~~\n");
}

/* Whatever the tokens: parsing ends, and what is wrong is said. */
static void any_tokens(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "namespace ", "import ", "const ",     "type ",   "open ",   "enum ",
      "flags ",     "struct ", "union ",     "error ",  "host ",   "service ",
      "sync ",      "oneway ", "stream ",    "throws ", "none ",   "a ",
      "u8 ",        "list",    "1 ",         "1.5 ",    "2s ",     "\"s\"",
      "@",          "(",       ")",          "<",       ">",       "{",
      "}",          "{",       "}",          "[",       "]",       ",",
      ";",          ";",       ":",          "=",       ".",       "?",
      "-",          "->",      "\n",         "\n",      "/// d\n", "$",
      "\"",         "/*",      "struct S {", "a: u8;",  "m();",    "\nstruct T { b: u8; }\n"};
  uint32_t random = 12345;
  for (int round = 0; round < 3000; round++) {
    char input[1024] = "namespace n;";
    size_t used = strlen(input);
    for (int i = 0; i < 40; i++) {
      random = random * 1664525 + 1013904223;
      const char *piece = pieces[(random >> 16) % (sizeof pieces / sizeof pieces[0])];
      memcpy(input + used, piece, strlen(piece));
      used += strlen(piece);
    }
    run r = run_parse((text){input, used});
    assert_non_null(r.file->namespace_name);
    bool damaged = r.file->damaged;
    for (const ast_decl *decl = r.file->decls; decl != NULL; decl = decl->next)
      damaged = damaged || decl->damaged;
    if (damaged) assert_true(diags_errors(r.diags) > 0);
    free(run_report(r));
    run_free(r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files),
      cmocka_unit_test(constants_and_aliases),
      cmocka_unit_test(types),
      cmocka_unit_test(enums_and_flags),
      cmocka_unit_test(structs_and_unions),
      cmocka_unit_test(services),
      cmocka_unit_test(attributes),
      cmocka_unit_test(spans),
      cmocka_unit_test(every_word_is_a_name),
      cmocka_unit_test(documentation),
      cmocka_unit_test(documentation_of_nothing),
      cmocka_unit_test(order_of_items),
      cmocka_unit_test(streams_in_other_places),
      cmocka_unit_test(missing_marks),
      cmocka_unit_test(exchanged_separators_are_told_once),
      cmocka_unit_test(one_error_each),
      cmocka_unit_test(one_run_shows_all_errors),
      cmocka_unit_test(forgotten_braces),
      cmocka_unit_test(nested_declarations),
      cmocka_unit_test(unterminated_things_say_so_once),
      cmocka_unit_test(nesting),
      cmocka_unit_test(deep_nesting_is_one_error),
      cmocka_unit_test(binary_files_are_one_error),
      cmocka_unit_test(any_tokens),
  };
  return cmocka_run_group_tests_name("parser", tests, NULL, NULL);
}
