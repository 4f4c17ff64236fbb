/* See run.h. */
#include "script/run.h"

#include "base/alloc.h"
#include "base/out.h"
#include "script/match.h"
#include "script/script.h"

#include <stdarg.h>
#include <string.h>

enum { MAX_RESULTS_ASKED = 1000 };

static const char *const kind_names[] = {
#define KIND(id, name) name,
#include "script/kind.def"
#undef KIND
};

/* ---- verdicts ---- */

static void pass(struct script *s, enum script_kind kind) { s->counts->kinds[kind].passed++; }
void script_pass(struct script *s, enum script_kind kind) { pass(s, kind); }
static void unsupported(struct script *s, enum script_kind kind) { s->counts->kinds[kind].unsupported++; }

PRINTF_LIKE(4, 0)
static void line_va(struct script *s, uint32_t off, const char *what, const char *fmt, va_list args) {
  uint32_t line, column;
  lexer_position(&s->lx, off, &line, &column);
  char text[1024];
  vsnprintf(text, sizeof text, fmt, args);
  buf_printf(s->report, "%s:%u:%u: %s: ", s->file, line, column, what);
  struct out o = out_buf(s->report);
  out_printable(&o, slice_cstr(text));
  buf_u8(s->report, '\n');
}

PRINTF_LIKE(4, 5)
static void line_at(struct script *s, uint32_t off, const char *what, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  line_va(s, off, what, fmt, args);
  va_end(args);
}

void script_fail(struct script *s, enum script_kind kind, uint32_t off, const char *fmt, ...) {
  va_list args;
  s->counts->kinds[kind].failed++;
  va_start(args, fmt);
  line_va(s, off, kind_names[kind], fmt, args);
  va_end(args);
}
#define FAIL(s, kind, off, ...) script_fail(s, kind, off, __VA_ARGS__)

static heddle_str_t root_message(const heddle_error_t *error) {
  while (heddle_error_cause(error))
    error = heddle_error_cause(error);
  return heddle_error_message(error);
}

/* Official texts and ours agree when one begins with the other: some scripts add details, and so do we. */
static bool same_text(const heddle_error_t *error, struct slice expected) {
  heddle_str_t m = root_message(error);
  size_t len = m.len < expected.len ? m.len : expected.len;
  return m.len && (len == 0 || !memcmp(m.data, expected.data, len));
}

static bool is_unsupported(const heddle_error_t *error) {
  return heddle_error_kind(error) == HEDDLE_ERROR_UNSUPPORTED;
}

#define MESSAGE(error) (int)root_message(error).len, root_message(error).data

/* ---- modules ---- */

static heddle_error_t *module_bytes(struct script *s, struct script_module *m, heddle_bytes_t *own) {
  if (!buf_ok(&m->bytes)) return heddle_error_new("out of memory");
  if (m->form == MODULE_BINARY) {
    own->data = buf_take(&m->bytes, &own->len);
    return own->data ? NULL : heddle_error_new("out of memory");
  }
  return heddle_wat_to_wasm(s->engine, (const char *)m->bytes.data, m->bytes.len, own);
}

static heddle_error_t *module_new(struct script *s, struct script_module *m, heddle_module_t **out) {
  heddle_bytes_t wasm = {0};
  heddle_error_t *error = module_bytes(s, m, &wasm);
  if (!error) error = heddle_module_new(s->engine, wasm.data, wasm.len, out);
  heddle_bytes_delete(&wasm);
  return error;
}

static void add_instance(struct script *s, struct slice id, heddle_instance_t instance,
                         enum outcome outcome) {
  struct named_instance named = {arena_slice(&s->arena, id), instance, false, outcome};
  VEC_PUSH(&s->arena, &s->instances, named);
}

static enum outcome outcome_of(struct script *s, const heddle_error_t *error) {
  bool missing = heddle_error_kind(error) == HEDDLE_ERROR_LINK && s->unsupported_registered;
  return missing || is_unsupported(error) ? OUTCOME_UNSUPPORTED : OUTCOME_FAILED;
}

static void instantiate(struct script *s, heddle_module_t *module, struct slice id, uint32_t off) {
  heddle_instance_t instance = {0};
  heddle_error_t *error = heddle_instantiate(s->linker, s->store, module, &instance);
  enum outcome outcome = error ? outcome_of(s, error) : OUTCOME_OK;
  if (outcome == OUTCOME_OK)
    pass(s, KIND_MODULE);
  else if (outcome == OUTCOME_UNSUPPORTED)
    unsupported(s, KIND_MODULE);
  else
    FAIL(s, KIND_MODULE, off, "not instantiated: %.*s", MESSAGE(error));
  add_instance(s, id, instance, outcome);
  heddle_error_delete(error);
}

static struct named_module *find_module(struct script *s, struct slice id) {
  for (uint32_t i = s->modules.len; i-- > 0;)
    if (!id.len || slice_eq(s->modules.at[i].id, id)) return &s->modules.at[i];
  return NULL;
}

struct named_instance *script_find_instance(struct script *s, struct slice id) {
  for (uint32_t i = s->instances.len; i-- > 0;)
    if (!id.len || slice_eq(s->instances.at[i].id, id)) return &s->instances.at[i];
  return NULL;
}

static void run_instance(struct script *s, const struct script_module *m) {
  struct named_module *named = find_module(s, m->of);
  static const heddle_instance_t none;
  if (!named)
    FAIL(s, KIND_MODULE, m->off, "no module definition of that name");
  else if (named->outcome == OUTCOME_OK)
    instantiate(s, named->module, m->id, m->off);
  else {
    unsupported(s, KIND_MODULE);
    add_instance(s, m->id, none, OUTCOME_UNSUPPORTED);
  }
}

static void define_module(struct script *s, struct script_module *m) {
  static const heddle_instance_t none;
  heddle_module_t *module = NULL;
  heddle_error_t *error = module_new(s, m, &module);
  enum outcome outcome = error ? outcome_of(s, error) : OUTCOME_OK;
  if (outcome == OUTCOME_UNSUPPORTED) unsupported(s, KIND_MODULE);
  if (outcome == OUTCOME_FAILED) FAIL(s, KIND_MODULE, m->off, "refused: %.*s", MESSAGE(error));
  heddle_error_delete(error);
  if (m->definition) {
    if (outcome == OUTCOME_OK) pass(s, KIND_MODULE);
    struct named_module named = {arena_slice(&s->arena, m->id), module, outcome};
    VEC_PUSH(&s->arena, &s->modules, named);
    return;
  }
  if (outcome == OUTCOME_OK)
    instantiate(s, module, m->id, m->off);
  else
    add_instance(s, m->id, none, outcome);
  heddle_module_delete(module);
}

static bool run_module(struct script *s) {
  struct script_module m;
  if (!script_parse_module(&s->lx, &m)) return buf_free(&m.bytes), false;
  if (m.form == MODULE_INSTANCE)
    run_instance(s, &m);
  else
    define_module(s, &m);
  buf_free(&m.bytes);
  return true;
}

static bool run_register(struct script *s) {
  uint32_t off = s->lx.tok.off;
  struct slice name;
  lexer_open(&s->lx, "register");
  if (!script_parse_string(&s->lx, &s->arena, &name)) return false;
  struct slice id = script_accept_id(&s->lx);
  if (!lexer_expect_close(&s->lx)) return false;
  struct named_instance *named = script_find_instance(s, id);
  if (!named) return FAIL(s, KIND_REGISTER, off, "no instance of that name"), true;
  if (named->outcome != OUTCOME_OK) {
    s->unsupported_registered = true;
    return unsupported(s, KIND_REGISTER), true;
  }
  heddle_str_t module = {(const char *)name.data, name.len};
  heddle_error_t *error = NULL;
  for (const struct handed *h = s->handed; h && named->is_handed && !error; h = h->next)
    if (slice_eq(h->module, named->id))
      error = heddle_linker_define_shared_memory(s->linker, module, h->name, h->memory);
  if (!named->is_handed) error = heddle_linker_define_instance(s->linker, s->store, module, named->instance);
  if (error)
    FAIL(s, KIND_REGISTER, off, "%.*s", MESSAGE(error));
  else
    pass(s, KIND_REGISTER);
  heddle_error_delete(error);
  return true;
}

/* ---- actions ---- */

struct results {
  heddle_val_t at[MAX_RESULTS_ASKED];
  size_t len;
};

static heddle_error_t *call(struct script *s, const struct action *action, heddle_func_t func,
                            struct results *out) {
  heddle_extern_t ext = {.kind = HEDDLE_FUNC, .of.func = func};
  heddle_externtype_t type;
  heddle_error_t *error = heddle_extern_type(s->store, &ext, &type);
  if (error) return error;
  heddle_val_t *args = arena_alloc(&s->arena, sizeof *args * (action->args.len + 1));
  for (uint32_t i = 0; i < action->args.len; i++) {
    if (!pattern_value(s->store, &action->args.at[i], &args[i]))
      return heddle_error_new("an argument of this kind cannot be made");
    if (i < type.func.nparams && action->args.at[i].kind == PATTERN_NULL) args[i].type = type.func.params[i];
  }
  out->len = type.func.nresults;
  return heddle_call(s->store, func, args, action->args.len, out->at, out->len);
}

/* OUTCOME_OK: done, `error` says how it ended. */
static enum outcome perform(struct script *s, enum script_kind kind, const struct action *action,
                            struct results *out, heddle_error_t **error) {
  *error = NULL;
  out->len = 0;
  struct named_instance *named = script_find_instance(s, action->module);
  if (!named) return FAIL(s, kind, action->off, "no instance of that name"), OUTCOME_FAILED;
  if (named->outcome != OUTCOME_OK) return unsupported(s, kind), OUTCOME_UNSUPPORTED;
  heddle_extern_t ext;
  heddle_str_t name = {(const char *)action->name.data, action->name.len};
  heddle_extern_kind_t want = action->kind == ACTION_GET ? HEDDLE_GLOBAL : HEDDLE_FUNC;
  if (!heddle_instance_export(s->store, named->instance, name, &ext) || ext.kind != want)
    return FAIL(s, kind, action->off, "no export \"%.*s\" of that kind", (int)name.len, name.data),
           OUTCOME_FAILED;
  if (action->kind == ACTION_INVOKE)
    *error = call(s, action, ext.of.func, out);
  else if (!(*error = heddle_global_get(s->store, ext.of.global, &out->at[0])))
    out->len = 1;
  if (!*error || !is_unsupported(*error)) return OUTCOME_OK;
  heddle_error_delete(*error);
  *error = NULL;
  return unsupported(s, kind), OUTCOME_UNSUPPORTED;
}

static bool run_action(struct script *s) {
  struct action action;
  if (!script_parse_action(&s->lx, &s->arena, &action)) return false;
  struct results *results = ARENA_NEW(&s->arena, struct results);
  heddle_error_t *error;
  if (perform(s, KIND_ACTION, &action, results, &error) != OUTCOME_OK) return true;
  if (error)
    FAIL(s, KIND_ACTION, action.off, "%.*s", MESSAGE(error));
  else
    pass(s, KIND_ACTION);
  heddle_error_delete(error);
  return true;
}

static void report_result(struct script *s, uint32_t off, size_t index, const struct pattern *p,
                          const heddle_val_t *val) {
  struct buf want, have;
  buf_init(&want);
  buf_init(&have);
  pattern_format(p, &want);
  value_format(s->store, val, &have);
  FAIL(s, KIND_ASSERT_RETURN, off, "result %zu: expected %.*s, found %.*s", index, (int)want.len,
       (const char *)want.data, (int)have.len, (const char *)have.data);
  buf_free(&want);
  buf_free(&have);
}

static bool run_assert_return(struct script *s) {
  uint32_t off = s->lx.tok.off;
  struct action action;
  struct patterns want;
  lexer_open(&s->lx, "assert_return");
  if (!script_parse_action(&s->lx, &s->arena, &action) ||
      !script_parse_patterns(&s->lx, &s->arena, true, &want) || !lexer_expect_close(&s->lx))
    return false;
  struct results *results = ARENA_NEW(&s->arena, struct results);
  heddle_error_t *error;
  if (perform(s, KIND_ASSERT_RETURN, &action, results, &error) != OUTCOME_OK) return true;
  if (error) {
    FAIL(s, KIND_ASSERT_RETURN, off, "%.*s", MESSAGE(error));
    heddle_error_delete(error);
    return true;
  }
  if (results->len != want.len)
    return FAIL(s, KIND_ASSERT_RETURN, off, "expected %u results, found %zu", want.len, results->len), true;
  for (uint32_t i = 0; i < want.len; i++)
    if (!pattern_match(s->store, &want.at[i], &results->at[i]))
      return report_result(s, off, i, &want.at[i], &results->at[i]), true;
  return pass(s, KIND_ASSERT_RETURN), true;
}

/* An ending that was asked for came, or another one. `error` is taken over. */
static void judge_ending(struct script *s, enum script_kind kind, uint32_t off, struct slice text,
                         heddle_error_t *error) {
  static const heddle_error_kind_t wanted[KIND_COUNT] = {
      [KIND_ASSERT_TRAP] = HEDDLE_ERROR_TRAP,           [KIND_ASSERT_EXHAUSTION] = HEDDLE_ERROR_TRAP,
      [KIND_ASSERT_EXCEPTION] = HEDDLE_ERROR_EXCEPTION, [KIND_ASSERT_SUSPENSION] = HEDDLE_ERROR_SUSPENDED,
      [KIND_ASSERT_UNLINKABLE] = HEDDLE_ERROR_LINK,     [KIND_ASSERT_UNINSTANTIABLE] = HEDDLE_ERROR_TRAP,
  };
  if (!error)
    FAIL(s, kind, off, "nothing went wrong, expected \"%.*s\"", (int)text.len, (const char *)text.data);
  else if (heddle_error_kind(error) == HEDDLE_ERROR_LINK && s->unsupported_registered)
    unsupported(s, kind); /* it may be the missing module's fault */
  else if (heddle_error_kind(error) != wanted[kind])
    FAIL(s, kind, off, "expected \"%.*s\", found: %.*s", (int)text.len, (const char *)text.data,
         MESSAGE(error));
  else if (kind == KIND_ASSERT_UNLINKABLE) {
    pass(s, kind);
    if (same_text(error, text))
      s->counts->texts_same++;
    else
      s->counts->texts_other++;
  } else if (!same_text(error, text) && !s->options->ignore_texts)
    FAIL(s, kind, off, "expected \"%.*s\", found \"%.*s\"", (int)text.len, (const char *)text.data,
         MESSAGE(error));
  else
    pass(s, kind);
  heddle_error_delete(error);
}

/* assert_trap and its kin over an action or a module. */
static bool run_assert_ending(struct script *s, enum script_kind kind) {
  uint32_t off = s->lx.tok.off;
  struct slice text = {0};
  heddle_error_t *error = NULL;
  lexer_open(&s->lx, kind_names[kind]);
  if (script_at_action(&s->lx)) {
    struct action action;
    if (!script_parse_action(&s->lx, &s->arena, &action)) return false;
    if (kind != KIND_ASSERT_EXCEPTION || s->lx.tok.kind == TOKEN_STRING)
      if (!script_parse_string(&s->lx, &s->arena, &text)) return false;
    if (!lexer_expect_close(&s->lx)) return false;
    struct results *results = ARENA_NEW(&s->arena, struct results);
    if (perform(s, kind, &action, results, &error) == OUTCOME_OK) judge_ending(s, kind, off, text, error);
    return true;
  }
  struct script_module m;
  heddle_module_t *module = NULL;
  heddle_instance_t instance;
  bool ok = script_parse_module(&s->lx, &m) && script_parse_string(&s->lx, &s->arena, &text) &&
            lexer_expect_close(&s->lx);
  if (ok) {
    error = module_new(s, &m, &module);
    if (error && is_unsupported(error)) {
      unsupported(s, kind);
      heddle_error_delete(error);
    } else {
      if (!error) error = heddle_instantiate(s->linker, s->store, module, &instance);
      judge_ending(s, kind, off, text, error);
    }
    heddle_module_delete(module);
  }
  buf_free(&m.bytes);
  return ok;
}

/* assert_invalid, assert_malformed and their custom-section kin: nothing is compiled. */
static bool run_assert_refused(struct script *s, enum script_kind kind) {
  uint32_t off = s->lx.tok.off;
  struct slice text = {0};
  lexer_open(&s->lx, kind_names[kind]);
  struct script_module m;
  bool ok = script_parse_module(&s->lx, &m) && script_parse_string(&s->lx, &s->arena, &text) &&
            lexer_expect_close(&s->lx);
  if (ok) {
    bool customs = kind == KIND_ASSERT_INVALID_CUSTOM || kind == KIND_ASSERT_MALFORMED_CUSTOM;
    heddle_bytes_t wasm = {0};
    heddle_error_t *error = module_bytes(s, &m, &wasm);
    if (!error) error = heddle_module_validate(s->engine, wasm.data, wasm.len, customs);
    heddle_bytes_delete(&wasm);
    heddle_error_kind_t found = error ? heddle_error_kind(error) : HEDDLE_ERROR_HOST;
    if (!error)
      FAIL(s, kind, off, "accepted, expected \"%.*s\"", (int)text.len, (const char *)text.data);
    else if (found != HEDDLE_ERROR_MALFORMED && found != HEDDLE_ERROR_INVALID && found != HEDDLE_ERROR_LIMIT)
      FAIL(s, kind, off, "expected \"%.*s\", found: %.*s", (int)text.len, (const char *)text.data,
           MESSAGE(error));
    else {
      pass(s, kind);
      bool same = same_text(error, text);
      if (same)
        s->counts->texts_same++;
      else
        s->counts->texts_other++;
      if (!same && s->options->print_other_texts)
        line_at(s, off, "other text", "expected \"%.*s\", found \"%.*s\"", (int)text.len,
                (const char *)text.data, MESSAGE(error));
    }
    heddle_error_delete(error);
  }
  buf_free(&m.bytes);
  return ok;
}

/* ---- the script ---- */

static heddle_error_t *ignore_call(void *env, heddle_caller_t *caller, const heddle_val_t *args, size_t nargs,
                                   heddle_val_t *results, size_t nresults) {
  (void)env, (void)caller, (void)args, (void)nargs, (void)results, (void)nresults;
  return NULL;
}

/* The module that official scripts import. */
static heddle_error_t *define_spectest(heddle_store_t *store, heddle_linker_t *linker) {
  static const struct {
    const char *name;
    heddle_valtype_t params[2];
    size_t nparams;
  } prints[] = {{"print", {0}, 0},
                {"print_i32", {HEDDLE_I32}, 1},
                {"print_i64", {HEDDLE_I64}, 1},
                {"print_f32", {HEDDLE_F32}, 1},
                {"print_f64", {HEDDLE_F64}, 1},
                {"print_i32_f32", {HEDDLE_I32, HEDDLE_F32}, 2},
                {"print_f64_f64", {HEDDLE_F64, HEDDLE_F64}, 2}};
  heddle_error_t *error = NULL;
  for (size_t i = 0; i < COUNT_OF(prints) && !error; i++) {
    heddle_functype_t type = {prints[i].params, prints[i].nparams, NULL, 0};
    error = heddle_linker_define_func(linker, "spectest", prints[i].name, &type, ignore_call, NULL, NULL);
  }
  static const struct {
    const char *name;
    heddle_val_t val;
  } globals[] = {{"global_i32", {HEDDLE_I32, {.i32 = 666}}},
                 {"global_i64", {HEDDLE_I64, {.i64 = 666}}},
                 {"global_f32", {HEDDLE_F32, {.f32 = 666.6f}}},
                 {"global_f64", {HEDDLE_F64, {.f64 = 666.6}}}};
  for (size_t i = 0; i < COUNT_OF(globals) && !error; i++) {
    heddle_extern_t ext = {.kind = HEDDLE_GLOBAL};
    error = heddle_global_new(store, globals[i].val.type, false, &globals[i].val, &ext.of.global);
    if (!error) error = heddle_linker_define(linker, "spectest", globals[i].name, ext);
  }
  for (int is64 = 0; is64 < 2 && !error; is64++) {
    heddle_limits_t limits = {.min = 10, .max = 20, .has_max = true, .is64 = is64};
    heddle_extern_t ext = {.kind = HEDDLE_TABLE};
    error = heddle_table_new(store, HEDDLE_FUNCREF, &limits, NULL, &ext.of.table);
    if (!error) error = heddle_linker_define(linker, "spectest", is64 ? "table64" : "table", ext);
  }
  for (int shared = 0; shared < 2 && !error; shared++) {
    heddle_limits_t limits = {.min = 1, .max = 2, .has_max = true, .shared = shared, .page_size_log2 = 16};
    heddle_extern_t ext = {.kind = HEDDLE_MEMORY};
    error = heddle_memory_new(store, &limits, &ext.of.memory);
    if (!error) error = heddle_linker_define(linker, "spectest", shared ? "shared_memory" : "memory", ext);
  }
  return error;
}

static bool run_command(struct script *s) {
  static const struct {
    const char *word;
    enum script_kind kind;
    bool (*run)(struct script *, enum script_kind);
  } asserts[] = {
      {"assert_trap", KIND_ASSERT_TRAP, run_assert_ending},
      {"assert_exception", KIND_ASSERT_EXCEPTION, run_assert_ending},
      {"assert_exhaustion", KIND_ASSERT_EXHAUSTION, run_assert_ending},
      {"assert_suspension", KIND_ASSERT_SUSPENSION, run_assert_ending},
      {"assert_unlinkable", KIND_ASSERT_UNLINKABLE, run_assert_ending},
      {"assert_uninstantiable", KIND_ASSERT_UNINSTANTIABLE, run_assert_ending},
      {"assert_invalid", KIND_ASSERT_INVALID, run_assert_refused},
      {"assert_malformed", KIND_ASSERT_MALFORMED, run_assert_refused},
      {"assert_invalid_custom", KIND_ASSERT_INVALID_CUSTOM, run_assert_refused},
      {"assert_malformed_custom", KIND_ASSERT_MALFORMED_CUSTOM, run_assert_refused},
  };
  if (lexer_at_form(&s->lx, "module")) return run_module(s);
  if (lexer_at_form(&s->lx, "register")) return run_register(s);
  if (lexer_at_form(&s->lx, "assert_return")) return run_assert_return(s);
  if (script_at_action(&s->lx)) return run_action(s);
  if (lexer_at_form(&s->lx, "thread")) return script_thread(s);
  if (lexer_at_form(&s->lx, "wait")) return script_wait(s);
  for (size_t i = 0; i < COUNT_OF(asserts); i++)
    if (lexer_at_form(&s->lx, asserts[i].word)) return asserts[i].run(s, asserts[i].kind);
  return lexer_expected(&s->lx, "a script command");
}

/* A file that is a bare list of module fields: one module. */
static void run_bare(struct script *s) {
  struct script_module m = {.form = MODULE_QUOTE};
  buf_init(&m.bytes);
  buf_bytes(&m.bytes, s->lx.src, s->lx.size);
  define_module(s, &m);
  buf_free(&m.bytes);
}

void script_run_commands(struct script *s) {
  heddle_error_t *error = heddle_store_new(s->engine, NULL, &s->store);
  s->linker = heddle_linker_new(s->engine);
  if (!error && !s->linker) error = heddle_error_new("out of memory");
  if (!error) error = define_spectest(s->store, s->linker);
  if (error) {
    s->counts->kinds[KIND_SCRIPT].failed++;
    buf_printf(s->report, "%s: %.*s\n", s->file, MESSAGE(error));
    heddle_error_delete(error);
    return;
  }
  if (lexer_ok(&s->lx) && text_at_module_field(&s->lx)) {
    run_bare(s);
    return;
  }
  while (lexer_ok(&s->lx) && s->lx.tok.kind != TOKEN_END && s->lx.tok.kind != s->end) {
    size_t scope = heddle_scope_open(s->store);
    struct arena_mark mark = arena_mark(&s->arena);
    uint32_t kept = s->instances.len + s->modules.len;
    bool ok = run_command(s);
    heddle_scope_close(s->store, scope);
    if (!ok) break;
    if (kept == s->instances.len + s->modules.len) arena_release(&s->arena, mark);
  }
}

void script_end(struct script *s) {
  script_end_threads(s);
  if (error_is_set(&s->error)) {
    char line[600];
    error_format(&s->error, s->file, line, sizeof line);
    buf_printf(s->report, "%s\n", line);
    s->counts->kinds[KIND_SCRIPT].failed++;
  }
  for (uint32_t i = 0; i < s->modules.len; i++)
    heddle_module_delete(s->modules.at[i].module);
  heddle_linker_delete(s->linker);
  heddle_store_delete(s->store);
  arena_free(&s->arena);
}

void script_run(heddle_engine_t *engine, const char *file, struct slice text,
                const struct script_options *options, struct buf *report, struct script_counts *counts) {
  struct script s = {.engine = engine,
                     .options = options,
                     .file = file,
                     .end = TOKEN_END,
                     .report = report,
                     .counts = counts};
  jmp_buf on_oom;
  counts->files++;
  arena_init(&s.arena, &on_oom);
  if (setjmp(on_oom))
    error_memory(&s.error);
  else {
    lexer_init(&s.lx, text, ANNOTS_NONE, &s.error);
    script_run_commands(&s);
  }
  script_end(&s);
}

/* ---- counts ---- */

void script_counts_add(struct script_counts *into, const struct script_counts *from) {
  into->files += from->files;
  into->texts_same += from->texts_same;
  into->texts_other += from->texts_other;
  for (unsigned k = 0; k < KIND_COUNT; k++) {
    into->kinds[k].passed += from->kinds[k].passed;
    into->kinds[k].failed += from->kinds[k].failed;
    into->kinds[k].unsupported += from->kinds[k].unsupported;
  }
}

bool script_counts_all_passed(const struct script_counts *c) {
  for (unsigned k = 0; k < KIND_COUNT; k++)
    if (c->kinds[k].failed) return false;
  return true;
}

void script_counts_print(const struct script_counts *c, bool json, struct buf *out) {
  buf_printf(out, json ? "{\"files\": %llu, \"kinds\": {" : "%llu files", (unsigned long long)c->files);
  const char *comma = json ? "" : ": ";
  for (unsigned k = 0; k < KIND_COUNT; k++) {
    unsigned long long p = c->kinds[k].passed, f = c->kinds[k].failed, u = c->kinds[k].unsupported;
    if (!(p | f | u)) continue;
    if (json)
      buf_printf(out, "%s\"%s\": {\"passed\": %llu, \"failed\": %llu, \"unsupported\": %llu}", comma,
                 kind_names[k], p, f, u);
    else {
      buf_printf(out, "%s%s %llu", comma, kind_names[k], p);
      if (f) buf_printf(out, " (%llu failed)", f);
      if (u) buf_printf(out, " (%llu unsupported)", u);
    }
    comma = ", ";
  }
  unsigned long long same = c->texts_same, other = c->texts_other;
  if (json)
    buf_printf(out, "}, \"texts\": {\"same\": %llu, \"other\": %llu}}\n", same, other);
  else
    buf_printf(out, "; texts %llu same, %llu other\n", same, other);
}
