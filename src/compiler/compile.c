/* The pipeline, a line a stage; around each line: its time, its printer, its check. */
#include "compiler/compile.h"

#include "compiler/build/build.h"
#include "compiler/ir/print.h"
#include "compiler/ir/verify.h"
#include "compiler/mach/alloc.h"
#include "compiler/mach/frame.h"
#include "compiler/opt/opt.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

uint64_t compile_cycles(void) {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

static const char *const stage_names[STAGE_COUNT] = {
#define STAGE(id, name) name,
#include "compiler/stage.def"
#undef STAGE
};

const char *stage_name(enum stage stage) { return stage_names[stage]; }

uint32_t stage_bit(struct slice name) {
  for (unsigned i = 0; i < STAGE_COUNT; i++)
    if (slice_eq_cstr(name, stage_names[i])) return UINT32_C(1) << i;
  return 0;
}

uint64_t compile_config_key(const struct compile_config *config) {
  static_assert(sizeof(struct isa_config) == 20 && sizeof *config == 48,
                "a new field is to be looked at here: does it change code?");
  const struct isa_config *isa = &config->isa_config;
  const bool flags[] = {isa->interruption,
                        isa->spectre,
                        isa->checked,
                        isa->slots_only,
                        config->interruption,
                        config->fuel,
                        config->locals_in_slots,
                        config->plain,
                        config->inlining,
                        config->nan_canonicalization};
  uint64_t key =
      (uint64_t)min_u32(isa->max_int, UINT16_MAX) << 32 | (uint64_t)min_u32(isa->max_float, UINT16_MAX) << 48;
  for (unsigned i = 0; i < COUNT_OF(flags); i++)
    key |= (uint64_t)flags[i] << i;
  return key;
}

struct run { /* of the pipeline over one function */
  const struct compile_config *config;
  struct compile_stats *stats;
  uint32_t func;
  struct ir_func *ir; /* what building would yield; NULL: it is to be built */
  uint64_t begin;     /* of the stage under way */
};

static void stage_begin(struct run *r) {
  if (r->stats) r->begin = compile_cycles();
}

static void stage_count(struct run *r, enum stage stage) {
  if (r->stats) r->stats->cycles[stage] += compile_cycles() - r->begin;
}

/* True when the stage's result is to be printed; its title is. */
static bool stage_dumps(struct run *r, enum stage stage) {
  bool dump = r->config->dump_to && (r->config->dump >> stage & 1);
  if (dump) out_printf(r->config->dump_to, ";; func %u, %s\n", r->func, stage_names[stage]);
  return dump;
}

static bool stage_end(struct run *r, enum stage stage) {
  stage_count(r, stage);
  return stage_dumps(r, stage);
}

static bool checks(const struct run *r) {
#ifdef HEDDLE_CHECKED
  (void)r;
  return true;
#else
  return r->config->checks;
#endif
}

/* A proof that failed is a bug of ours: it is reported like an input's error, so that it is seen and nothing
 * is run. */
static bool proof_failed(const struct run *r, const char *what, const struct buf *why, struct error *e) {
  struct slice text = buf_slice(why);
  return error_set(e, ERROR_UNSUPPORTED, "internal error in function %u: %s: %.*s", r->func, what,
                   (int)min_u64(text.len, 200), (const char *)text.data);
}

static bool prove_ir(const struct run *r, struct ir_func *ir, enum ir_form form, const char *what,
                     struct error *e) {
  if (!checks(r)) return true;
  struct buf text;
  buf_init(&text);
  struct out why = out_buf(&text);
  bool ok = ir_verify(ir, form, &why) || proof_failed(r, what, &text, e);
  buf_free(&text);
  assert(ok);
  return ok;
}

static bool prove_selection(const struct run *r, const struct mach_func *f, struct error *e) {
  struct buf text;
  buf_init(&text);
  struct out why = out_buf(&text);
  bool ok = r->config->isa->check(f, &why) || proof_failed(r, "selection", &text, e);
  buf_free(&text);
  assert(ok);
  return ok;
}

static bool prove_allocation(const struct run *r, const struct mach_func *before,
                             const struct mach_func *after, struct error *e) {
  struct buf text;
  buf_init(&text);
  struct out why = out_buf(&text);
  bool ok = mach_regcheck(before, after, &why) || proof_failed(r, "register allocation", &text, e);
  buf_free(&text);
  assert(ok);
  return ok;
}

/* Selection has read it; the passes behind it look at its loops only. */
static void drop_ir(struct ir_func *ir, struct arena *a) {
  VEC_DROP(a, &ir->insns);
  VEC_DROP(a, &ir->wasm_off);
  VEC_DROP(a, &ir->blocks);
  VEC_DROP(a, &ir->ext);
}

/* What is behind allocation and nobody reads. */
static void drop_registers(struct mach_func *f) {
  VEC_DROP(f->arena, &f->phis);
  VEC_DROP(f->arena, &f->phi_args);
  VEC_DROP(f->arena, &f->vregs);
  VEC_DROP(f->arena, &f->remats);
}

/* The rest, when there is code. */
static void drop_mach(struct mach_func *f) {
  VEC_DROP(f->arena, &f->insns);
  VEC_DROP(f->arena, &f->blocks);
  VEC_DROP(f->arena, &f->edges);
  VEC_DROP(f->arena, &f->succs);
  VEC_DROP(f->arena, &f->preds);
  VEC_DROP(f->arena, &f->calls);
  VEC_DROP(f->arena, &f->fixed);
  VEC_DROP(f->arena, &f->map_slots);
}

static bool run_stages(struct run *r, const struct valid_module *m, struct arena *a, struct code *out,
                       struct error *e) {
  const struct compile_config *config = r->config;
  const struct isa *isa = config->isa;
  const struct isa_config *isa_config = &config->isa_config;
  struct out *dump = config->dump_to;
  const struct build_config build = {.interruption = config->interruption,
                                     .fuel = config->fuel,
                                     .spectre = isa_config->spectre,
                                     .inlining = config->inlining,
                                     .nan_canonicalization = config->nan_canonicalization,
                                     .plain = config->plain,
                                     .locals_in_slots = config->locals_in_slots};

  stage_begin(r);
  struct ir_func *ir = r->ir ? r->ir : build_func(m, r->func, &build, a, e);
  if (!ir) return false;
  if (stage_end(r, STAGE_BUILD)) ir_print(ir, dump);
  if (!prove_ir(r, ir, IR_BUILT, "build", e)) return false;

  stage_begin(r);
  opt_tidy(ir);
  if (config->nan_canonicalization && !config->plain) opt_late_nans(ir);
  if (stage_end(r, STAGE_TIDY)) ir_print(ir, dump);
  if (!prove_ir(r, ir, IR_TIDY, "tidy", e)) return false;

  stage_begin(r);
  struct mach_func *f = isa->select(ir, isa_config, a);
  if (stage_end(r, STAGE_SELECT)) mach_print(f, dump);
  if (checks(r) && !prove_selection(r, f, e)) return false;
  drop_ir(ir, a);
  const struct mach_func *selected = checks(r) ? mach_copy(f) : NULL;

  stage_begin(r);
  struct live *live = mach_live(f, isa_config);
  struct spill *spill = mach_spill(f, live, isa_config);
  if (stage_end(r, STAGE_SPILL)) mach_print(f, dump);

  stage_begin(r);
  mach_assign(f, spill, isa_config);
  mach_maps(f);
  if (stage_end(r, STAGE_ASSIGN)) mach_print(f, dump);
  if (selected && !prove_allocation(r, selected, f, e)) return false;
  drop_registers(f);

  stage_begin(r);
  struct frame frame;
  frame_layout(f, &frame);
  if (stage_dumps(r, STAGE_EMIT)) isa->print_code(f, &frame, isa_config, a, dump);
  isa->emit(f, &frame, isa_config, a, out);
  stage_count(r, STAGE_EMIT);
  drop_mach(f);
  return true;
}

static bool compile(struct run *r, const struct valid_module *m, struct arena *a, struct code *out,
                    struct error *e) {
  jmp_buf on_oom;
  jmp_buf *outer = a->on_oom;
  *out = (struct code){0};
  if (!r->config->isa || !r->config->isa->select || !r->config->isa->emit)
    return error_set(e, ERROR_UNSUPPORTED, "no compiler for this machine");
  volatile bool ok = false;
  if (setjmp(on_oom) == 0) {
    a->on_oom = &on_oom;
    ok = run_stages(r, m, a, out, e);
  } else if (a->limited) {
    error_set(e, ERROR_LIMIT, "function %u is too large: to compile it takes more than %zu MiB", r->func,
              a->limit >> 20);
  } else {
    error_memory(e);
  }
  a->on_oom = outer;
  return ok;
}

bool compile_func(const struct valid_module *m, uint32_t func_index, const struct compile_config *config,
                  struct arena *a, struct code *out, struct compile_stats *stats, struct error *e) {
  struct run r = {.config = config, .stats = stats, .func = func_index};
  return compile(&r, m, a, out, e);
}

bool compile_ir(struct ir_func *ir, const struct compile_config *config, struct arena *a, struct code *out,
                struct error *e) {
  struct run r = {.config = config, .func = ir->index, .ir = ir};
  return compile(&r, NULL, a, out, e);
}
