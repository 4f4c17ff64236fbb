/* Random bodies, compiled and run on this machine, against the evaluation of their plain IR (nothing folded,
 * locals in slots): with all registers and with few, with and without this CPU's newer instructions, masks,
 * fuel and polls. */
#include "../support/ir_eval.h"
#include "../support/random_body.h"
#include "compiler/build/build.h"
#include "compiler/ir/print.h"
#include "compiler/isa/isa.h"
#include "runtime/global.h"
#include "runtime/memory.h"
#include "compile_fixture.h"

#include <stdlib.h>

enum { MEMORY = 256 };
struct outcome {
  uint64_t status; /* 0 = returned */
  uint32_t result;
  uint32_t globals[2];
  uint8_t memory[MEMORY];
};

static void fill(uint8_t *memory) {
  for (uint32_t i = 0; i < MEMORY; i++)
    memory[i] = (uint8_t)(i * 37);
}

static bool call_helper(struct ir_env *env, struct ir_func *f, ir_val call, const uint64_t *args,
                        uint32_t nargs, uint64_t *results) {
  (void)env;
  if (f->insns.at[call].op != IR_OP_CALL || f->insns.at[call].a != 1 || nargs != 3) return false;
  helper_results(args, results);
  return true;
}

/* False: it does not end soon. */
static bool evaluate(struct fixture *f, const uint64_t *params, struct outcome *r) {
  struct error e = ERROR_INIT;
  struct build_config plain = {.plain = true, .locals_in_slots = true};
  struct ir_func *ir = build_func(f->valid, 0, &plain, &f->arena, &e);
  if (!ir) ck_abort_msg("%s", e.message);
  struct vmctx_layout layout;
  ck_assert(vmctx_layout(f->module, &layout));
  uint8_t *vmctx = arena_zalloc(&f->arena, 1, layout.size);
  union vm_value *globals = (union vm_value *)(void *)(vmctx + layout.globals);
  globals[0].i32 = 5, globals[1].i32 = 7;
  memset(r, 0, sizeof *r);
  fill(r->memory);
  struct ir_env env = {.params = params,
                       .memory = r->memory,
                       .memory_size = MEMORY,
                       .vmctx = vmctx,
                       .steps = 100000,
                       .call = call_helper};
  env.values = ARENA_ARRAY(&f->arena, uint64_t, ir->insns.len);
  env.slots = ARENA_ARRAY(&f->arena, uint64_t, NLOCALS);
  bool returned = ir_eval(&env, ir);
  r->status = returned ? 0 : env.trap;
  r->result = returned ? (uint32_t)env.results[0] : 0;
  r->globals[0] = globals[0].i32, r->globals[1] = globals[1].i32;
  return !env.stuck;
}

static struct instance *compile(struct fixture *f) {
  struct compile_config config = {
      .isa = isa_host(), .checks = true, .interruption = below(2), .fuel = below(2)};
  if (below(2)) config.isa_config.cpu = config.isa->cpu_features();
  if (below(3) == 0) config.isa_config.max_int = 4 + below(4), config.isa_config.max_float = 3;
  config.isa_config.interruption = config.interruption;
  config.isa_config.spectre = below(2);
  return fixture_compile(f, &config, "random module");
}

static void run(struct fixture *f, struct instance *in, const uint64_t *params, struct outcome *r) {
  union vm_value args[2] = {{.i64 = params[0]}, {.i64 = params[1]}}, result = {.i64 = 0};
  uint8_t *memory = instance_memory(in, 0)->vm.base;
  memset(r, 0, sizeof *r);
  fill(memory);
  for (uint32_t i = 0; i < 2; i++)
    global_set(instance_global(in, i), (union vm_value){.i32 = i == 0 ? 5 : 7});
  r->status = entry_call(f->store, instance_func(in, 0), args, &result);
  r->result = r->status ? 0 : result.i32;
  for (uint32_t i = 0; i < 2; i++)
    r->globals[i] = global_get(instance_global(in, i)).i32;
  memcpy(r->memory, memory, MEMORY);
}

static void show_and_fail(struct fixture *f, const struct outcome *want, const struct outcome *got) {
  struct out out = out_file(stdout);
  struct error e = ERROR_INIT;
  struct build_config config = {.locals_in_slots = true, .plain = true};
  struct ir_func *ir = build_func(f->valid, 0, &config, &f->arena, &e);
  if (ir) ir_print(ir, &out);
  FILE *kept = fopen("compile-random.wasm", "wb");
  if (kept) {
    fwrite(f->module->bytes.data, 1, f->module->bytes.len, kept);
    fclose(kept);
  }
  fflush(stdout);
  ck_abort_msg("status %u, not %u; result 0x%x, not 0x%x; the module is kept in compile-random.wasm",
               (unsigned)got->status, (unsigned)want->status, got->result, want->result);
}

static uint32_t one_module(void) {
  struct fixture f;
  struct error e = ERROR_INIT;
  volatile uint32_t finished = 0;
  fixture_init(&f, true);
  if (setjmp(f.oom)) ck_abort_msg("arena out of memory");
  make_module(&f.bytes);
  f.module = module_decode(&f.arena, arena_slice(&f.arena, buf_slice(&f.bytes)), features_all(), &e);
  f.valid = f.module ? module_validate(f.module, f.canon, &e) : NULL;
  if (!f.valid) ck_abort_msg("%s", e.message);
  struct instance *in = compile(&f);
  uint64_t params[3][2] = {{0, 1}, {7, 0xffffffff}, {below(UINT32_MAX), below(100)}};
  for (int i = 0; i < 3; i++) {
    struct outcome want, got;
    if (!evaluate(&f, params[i], &want)) continue;
    run(&f, in, params[i], &got);
    if (memcmp(&want, &got, sizeof want) != 0) show_and_fail(&f, &want, &got);
    finished++;
  }
  fixture_free(&f);
  return finished;
}

START_TEST(random_bodies) {
  const char *seed = getenv("HEDDLE_SEED"), *count = getenv("HEDDLE_COUNT");
  uint32_t finished = 0;
  if (seed) random_state ^= strtoull(seed, NULL, 10) * UINT64_C(0x9e3779b97f4a7c15);
  long n = count ? strtol(count, NULL, 10) : 300;
  for (long i = 0; i < n; i++)
    finished += one_module();
  ck_assert_msg(finished > n, "only %u runs came to an end", finished);
}
END_TEST

int main(void) { return UNIT_RUN("compiler", random_bodies); }
