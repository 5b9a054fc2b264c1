/* The part of a header that a service which is called makes: the client, and for each method its answer, its
 * receiver and the functions that call it. */
#include "method.h"

#include <inttypes.h>

typedef struct traits {
  bool answers, stream, upload, oneway, sync, wait, throws;
} traits;

static traits traits_of(const schema_decl *s) {
  traits t = {0};
  for (size_t i = 0; i < s->method_count; i++) {
    const schema_method *m = &s->methods[i];
    t.answers = t.answers || m->kind != SCHEMA_ONEWAY;
    t.oneway = t.oneway || m->kind == SCHEMA_ONEWAY;
    t.sync = t.sync || m->kind == SCHEMA_SYNC;
    t.stream = t.stream || m->result_is_stream;
    t.upload = t.upload || c_stream(m) != NULL;
    t.wait = t.wait || c_may_wait(m);
    t.throws = t.throws || m->throws != NULL;
  }
  return t;
}

static void write_client(c_gen *g, const schema_decl *s) {
  c_explain(
      g, c_doc(g->arena, &s->info),
      "Calls NAME, which the other side of a connection serves. Open it in the connect function, where the "
      "other side tells what it serves; its memory must stay until the connection has ended.",
      s);
  emit(g->e, "typedef struct %s_client {\n  mbr_client base;\n", s->name.c);
  emit(g->e, "  uint8_t compatibility[%zu];\n} %s_client;\n\n", s->method_count != 0 ? s->method_count : 1,
       s->name.c);
  c_print_line(g->e, g->arena, 0,
               "MBR_MUST_CHECK mbr_status %s_client_open(%s_client *client, mbr_peer *peer);", s->name.c,
               s->name.c);
  emit(g->e, "\n");
  c_explain(g, (text){"", 0}, "What clients know of NAME: for mbr_bridge_open, which lends it on. Constant.",
            s);
  c_print_line(g->e, g->arena, 0, "const mbr_remote_service *%s_remote(void);", s->name.c);
  emit(g->e, "\n");
}

static void explain_calls(c_gen *g, const schema_decl *s, const traits *has) {
  static const char send[] = "Calls of NAME, from any thread.\n"
                             "  _send encodes the arguments before it returns and keeps nothing of them. "
                             "`options` may be NULL. MBR_OK: "
                             "the call was sent. Anything else: nothing was sent%s: MBR_UNIMPLEMENTED or "
                             "MBR_MISMATCH where the other "
                             "side does not serve this method, or not as it is known here; MBR_WOULD_BLOCK "
                             "or MBR_BUSY where there is "
                             "no room, or too many calls are open now; MBR_CLOSED; or what is wrong with an "
                             "argument (MBR_BAD_RANGE, …).";
  static const char answer[] =
      "\n  _receiver hears of the call, on an executor thread and never beside itself; it is copied, and "
      "what "
      "is NULL in it is left out. `done` is called once after MBR_OK, perhaps before _send has returned, and "
      "is "
      "the last of them. Its answer is valid until it returns: `value` where `outcome` is MBR_OUTCOME_OK%s, "
      "else "
      "why there is none: `fault`, and a `text` that may be empty.%s"
      "\n  _request names the call once _send has answered MBR_OK, where `request` was not NULL: for "
      "mbr_request_cancel%s on its `base`.";
  static const char upload[] =
      "\n  _push sends an item of the stream parameter. MBR_WOULD_BLOCK: the other side takes no more for "
      "now (and "
      "none before it has accepted the call), and `ready` is called once when it does. MBR_CLOSED: the call "
      "has "
      "ended, or nobody listens to its items any more. _push_end ends them; the call then goes on to its own "
      "ending.";
  static const char wait[] = "\n  _wait is a _send that blocks until the call has ended and then, with "
                             "MBR_OK, has filled in the answer. "
                             "What that points to is in `arena`. It waits MBR_WAIT_TIMEOUT_MS where neither "
                             "contract nor options give "
                             "the call a time. Not on a thread that the other side waits for (MBR_DEADLOCK).";
  arena *a = g->arena;
  const char *about = arena_printf(a, send, has->answers ? ", and the receiver hears nothing" : "");
  if (has->answers)
    about = arena_printf(
        a, "%s%s", about,
        arena_printf(a, answer, has->throws ? ", `error` where it is MBR_OUTCOME_ERROR" : "",
                     has->stream ? " `item` is called for each item, in order, valid until it returns." : "",
                     has->stream ? ", mbr_request_pause and mbr_request_resume" : ""));
  about = arena_printf(
      a, "%s%s%s%s%s", about, has->upload ? upload : "", has->wait ? wait : "",
      has->sync
          ? "\n  Sync methods are called like the others where both sides are in one process, and end with "
            "MBR_UNSUPPORTED elsewhere."
          : "",
      has->oneway ? "\n  Nobody tells how a oneway fared." : "");
  c_explain(g, (text){"", 0}, about, s);
}

/* What an array's member is called and how large it is, as of a struct. */
static void write_answer(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  emit(g->e, "typedef struct %s_answer {\n  mbr_outcome outcome;\n  mbr_status fault;\n  mbr_str text;\n",
       name);
  if (m->result != NULL && !m->result_is_stream) {
    if (m->result->kind == SCHEMA_OPTIONAL) emit(g->e, "  bool has_value;\n");
    emit(g->e, "  %s;\n", c_member(a, m->result, "value"));
  }
  if (m->throws != NULL) emit(g->e, "  %s error;\n", m->throws->name.c);
  emit(g->e, "} %s_answer;\n\n", name);
}

static void write_receiver(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  emit(g->e, "typedef struct %s_receiver {\n", name);
  if (m->result_is_stream)
    c_print_line(g->e, a, 1, "void (*item)(void *arg, %s);", c_parameters(a, m->result, "item"));
  c_print_line(g->e, a, 1, "void (*done)(void *arg, const %s_answer *answer);", name);
  if (c_stream(m) != NULL) emit(g->e, "  void (*ready)(void *arg);\n");
  emit(g->e, "  void *arg;\n} %s_receiver;\n\n", name);
}

static void write_push(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  c_print_line(g->e, a, 0, "mbr_status %s_push(%s_request request, %s);", name, name,
               c_parameters(a, c_stream(m)->type, "item"));
  c_print_line(g->e, a, 0, "static inline mbr_status %s_push_end(%s_request request) {", name, name);
  emit(g->e, "  return mbr_request_end_items(request.base);\n}\n");
}

static void write_method(c_gen *g, const schema_decl *s, const schema_method *m) {
  arena *a = g->arena;
  const char *name = c_method(a, s, m);
  if (m->kind != SCHEMA_ONEWAY) {
    write_answer(g, name, m);
    write_receiver(g, name, m);
    emit(g->e, "typedef struct %s_request {\n  mbr_request base;\n} %s_request;\n\n", name, name);
  }
  c_print_comment(g->e, 0, c_method_doc(g, m));
  c_print_line(g->e, a, 0, "MBR_MUST_CHECK mbr_status %s;", c_send_signature(g, s, m, C_NAMES_OF_CLIENT));
  if (c_stream(m) != NULL) write_push(g, name, m);
  if (c_may_wait(m))
    c_print_line(g->e, a, 0, "MBR_MUST_CHECK mbr_status %s;", c_wait_signature(g, s, m, C_NAMES_OF_CLIENT));
  emit(g->e, "\n");
}

void c_declare_client(c_gen *g, const schema_decl *s) {
  traits has = traits_of(s);
  write_client(g, s);
  if (s->method_count == 0) return;
  explain_calls(g, s, &has);
  for (size_t i = 0; i < s->method_count; i++) write_method(g, s, &s->methods[i]);
}
