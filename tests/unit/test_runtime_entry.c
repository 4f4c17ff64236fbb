/* Calls in and out of machine code written by hand: values, traps, faults, host functions, interruption. */
#include "runtime_fixture.h"

#include "os/thread.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- returning values ---- */

CODE(add, "endbr64; lea eax, [rdi + rsi]; ret")
/* (i64 x 10) -> (i64 x 8): the last two of each on the stack */
CODE(ten, "push rbp; mov rbp, rsp;"
          "mov r11, [rbp + 16]; mov [rbp + 32], r11; mov r11, [rbp + 24]; mov [rbp + 40], r11;"
          "mov rax, rdi; mov r11, rcx; mov rcx, rdx; mov rdx, rsi; mov rsi, r11; mov rdi, r8; mov r8, r9;"
          "pop rbp; ret 16")
/* (f64 f32 v128) -> (v128 f32 f64) */
CODE(floats, "movaps xmm3, xmm0; movaps xmm0, xmm2; movaps xmm2, xmm3; ret")

START_TEST(values_go_in_and_out) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (func (export \"add\") (param i32 i32) (result i32) unreachable)"
                     "(func (export \"ten\") (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)"
                     "  (result i64 i64 i64 i64 i64 i64 i64 i64) unreachable)"
                     "(func (export \"floats\") (param f64 f32 v128) (result v128 f32 f64) unreachable))");
  struct code codes[] = {CODE_OF(&f, add), CODE_OF(&f, ten), CODE_OF(&f, floats)};
  struct instance *in = fixture_instance(&f, codes, NULL);
  union vm_value args[10] = {{.i32 = 40}, {.i32 = 2}}, results[8];
  memset(results, 0xee, sizeof results);
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "add"), args, results), 0);
  ck_assert_uint_eq(results[0].i64, 42);
  for (uint64_t i = 0; i < 10; i++)
    args[i].i64 = 100 + i;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "ten"), args, results), 0);
  static const uint64_t want[8] = {100, 101, 102, 103, 104, 105, 108, 109};
  for (int i = 0; i < 8; i++)
    ck_assert_uint_eq(results[i].i64, want[i]);
  memset(args, 0, sizeof args);
  args[0].f64 = UINT64_C(0x3ff8000000000000);
  args[1].f32 = 0x40200000;
  memcpy(args[2].v128, "0123456789abcdef", 16);
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "floats"), args, results), 0);
  ck_assert_mem_eq(results[0].v128, "0123456789abcdef", 16);
  ck_assert_uint_eq(results[1].i64, 0x40200000);
  ck_assert_uint_eq(results[2].i64, UINT64_C(0x3ff8000000000000));
  ck_assert_ptr_null(f.store->vm.cur);
  ck_assert_ptr_null(f.store->vm.entry);
  fixture_free(&f);
}
END_TEST

/* ---- traps ---- */

/* Calls function 1 (relocated at outer_call + 1), which traps through the stub. */
CODE(outer, "push rbp; mov rbp, rsp; outer_call: .byte 0xe8; .long 0; outer_return: pop rbp; ret")
CODE(inner, "push rbp; mov rbp, rsp; mov r11, [r15 + 16]; call [r11 + 0 * 8]; inner_site:")
LABEL(outer_call);
LABEL(outer_return);
LABEL(inner_site);
static_assert(BUILTIN_TRAP_STUB == 0 && BUILTIN_STACK_STUB == 1, "the numbers in the code above and below");

START_TEST(explicit_trap_has_a_backtrace) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (func (export \"outer\") unreachable) (func unreachable))");
  struct code codes[] = {CODE_OF(&f, outer), CODE_OF(&f, inner)};
  struct code_reloc reloc = {.off = (uint32_t)(outer_call + 1 - outer_code), .index = 1, .kind = RELOC_CALL};
  struct code_site call = {.off = (uint32_t)(outer_return - outer_code), .wasm_off = 77},
                   trap = {.off = (uint32_t)(inner_site - inner_code),
                           .wasm_off = 99,
                           .trap = TRAP_INTEGER_OVERFLOW};
  codes[0].relocs = &reloc;
  codes[0].nrelocs = 1;
  codes[0].sites = &call;
  codes[1].sites = &trap;
  codes[0].nsites = codes[1].nsites = 1;
  struct instance *in = fixture_instance(&f, codes, NULL);
  for (int round = 0; round < 3; round++) {
    ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "outer"), NULL, NULL), TRAP_INTEGER_OVERFLOW);
    const struct trap_report *r = &f.store->report;
    ck_assert_uint_eq(r->status, TRAP_INTEGER_OVERFLOW);
    ck_assert_uint_eq(r->nframes, 2);
    ck_assert_uint_eq(r->total, 2);
    ck_assert_uint_eq(r->frames[0].func_index, 1);
    ck_assert_uint_eq(r->frames[0].wasm_off, 99);
    ck_assert_uint_eq(r->frames[1].func_index, 0);
    ck_assert_uint_eq(r->frames[1].wasm_off, 77);
    ck_assert_ptr_eq(r->frames[0].image, f.image);
    ck_assert_ptr_null(f.store->vm.cur);
    ck_assert_ptr_null(f.store->vm.entry);
    ck_assert_uint_eq(f.store->entry_depth, 0);
  }
  fixture_free(&f);
}
END_TEST

/* A leaf without a frame that loads from memory 0, first instruction and all. */
CODE(load, "load_site: mov eax, [r14 + rdi]; ret")
CODE(load_caller, "push rbp; mov rbp, rsp; load_call: .byte 0xe8; .long 0; load_return: pop rbp; ret")
LABEL(load_call);
LABEL(load_return);

static struct instance *load_instance(struct fixture *f) {
  fixture_module(f, "(module (memory 1) (func (export \"load\") (param i32) (result i32) unreachable)"
                    "(func (param i32) (result i32) unreachable))");
  static struct code_reloc reloc;
  static struct code_site call, fault;
  struct code codes[] = {CODE_OF(f, load_caller), CODE_OF(f, load)};
  reloc = (struct code_reloc){
      .off = (uint32_t)(load_call + 1 - load_caller_code), .index = 1, .kind = RELOC_CALL};
  call = (struct code_site){.off = (uint32_t)(load_return - load_caller_code), .wasm_off = 5};
  fault = (struct code_site){.off = 0, .wasm_off = 6, .trap = TRAP_MEMORY_OUT_OF_BOUNDS, .is_fault = 1};
  codes[0].relocs = &reloc;
  codes[0].nrelocs = 1;
  codes[0].sites = &call;
  codes[1].sites = &fault;
  codes[0].nsites = codes[1].nsites = 1;
  codes[1].frameless = true;
  return fixture_instance(f, codes, NULL);
}

START_TEST(fault_in_the_guard_is_a_trap) {
  struct fixture f;
  fixture_init(&f, false);
  struct instance *in = load_instance(&f);
  struct funcinst *load = fixture_func(in, "load");
  memcpy(instance_memory(in, 0)->vm.base + 65532, "\1\2\3\4", 4);
  static const struct {
    uint32_t address;
    bool ok;
  } tries[] = {{65532, true}, {65533, false}, {65536, false}, {0xffffffff, false}, {0, true}};
  for (size_t i = 0; i < COUNT_OF(tries); i++) {
    union vm_value arg = {.i64 = tries[i].address}, result;
    uint64_t status = entry_call(f.store, load, &arg, &result);
    ck_assert_uint_eq(status, tries[i].ok ? 0 : TRAP_MEMORY_OUT_OF_BOUNDS);
    if (tries[i].ok) continue;
    ck_assert_uint_eq(f.store->report.total, 2);
    ck_assert_uint_eq(f.store->report.frames[0].func_index, 1);
    ck_assert_uint_eq(f.store->report.frames[0].wasm_off, 6);
    ck_assert_uint_eq(f.store->report.frames[1].func_index, 0);
    ck_assert_uint_eq(f.store->report.frames[1].wasm_off, 5);
  }
  fixture_free(&f);
}
END_TEST

/* A fault of compiled code at an address that its site cannot mean is a bug, never a trap: it goes to the
 * handler that stood before ours. */
static void on_segv(int number) { _exit(number == SIGSEGV ? 7 : 8); }

START_TEST(fault_elsewhere_goes_on) {
  struct fixture f;
  signal(SIGSEGV, on_segv);
  fixture_init(&f, false);
  struct instance *in = load_instance(&f);
  union vm_value arg = {.i64 = 65536}, result;
  if (entry_call(f.store, fixture_func(in, "load"), &arg, &result) != TRAP_MEMORY_OUT_OF_BOUNDS) _exit(2);
  arg.i64 = UINT64_C(0x100000000000); /* beyond every reservation */
  if (entry_call(f.store, fixture_func(in, "load"), &arg, &result)) _exit(3);
  _exit(4);
}
END_TEST

/* ---- builtins ---- */

CODE(grow,
     "push rbp; mov rbp, rsp; mov r11, [r15 + 16]; mov esi, 0; mov edx, edi; call [r11 + 7 * 8]; grow_site: "
     "pop rbp; ret")
/* memory.fill(0, param, 0xab, 16) */
CODE(fill,
     "push rbp; mov rbp, rsp; mov r11, [r15 + 16]; xor esi, esi; mov edx, edi; mov ecx, 0xab; mov r8d, 16;"
     "call [r11 + 9 * 8]; fill_site: pop rbp; ret")
LABEL(fill_site);
static_assert(BUILTIN_MEMORY_GROW == 7 && BUILTIN_MEMORY_FILL == 9, "the numbers in the code above");

START_TEST(builtins_return_and_trap) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (memory 1 3) (func (export \"grow\") (param i32) (result i64) unreachable)"
                     "(func (export \"fill\") (param i32) unreachable))");
  struct code codes[] = {CODE_OF(&f, grow), CODE_OF(&f, fill)};
  struct code_site site = {.off = (uint32_t)(fill_site - fill_code), .wasm_off = 12};
  codes[1].sites = &site;
  codes[1].nsites = 1;
  struct instance *in = fixture_instance(&f, codes, NULL);
  union vm_value arg = {.i64 = 1}, result;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "grow"), &arg, &result), 0);
  ck_assert_uint_eq(result.i64, 1);
  arg.i64 = 2;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "grow"), &arg, &result), 0);
  ck_assert_uint_eq(result.i64, UINT64_MAX);
  arg.i64 = 2 * 65536 - 16;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "fill"), &arg, NULL), 0);
  ck_assert_uint_eq(instance_memory(in, 0)->vm.base[2 * 65536 - 1], 0xab);
  arg.i64++;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "fill"), &arg, NULL), TRAP_MEMORY_OUT_OF_BOUNDS);
  ck_assert_uint_eq(f.store->report.total, 1);
  ck_assert_uint_eq(f.store->report.frames[0].func_index, 1);
  ck_assert_uint_eq(f.store->report.frames[0].wasm_off, 12);
  arg.i64 = 0;
  f.store->vm.fuel = 0; /* a short one costs nothing */
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "fill"), &arg, NULL), 0);
  f.store->vm.fuel = -1;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "fill"), &arg, NULL), TRAP_OUT_OF_FUEL);
  fixture_free(&f);
}
END_TEST

START_TEST(every_builtin_has_a_function) {
  for (unsigned i = BUILTIN_RESUME_TRAP_STUB + 1; i < BUILTIN_COUNT; i++)
    ck_assert(builtin_functions[i] != NULL);
  for (unsigned i = 0; i < BUILTIN_COUNT; i++)
    for (unsigned k = 0; k < i; k++)
      ck_assert_ptr_ne(arch_builtins[i], arch_builtins[k]);
}
END_TEST

/* ---- stack ---- */

CODE(forever,
     "push rbp; mov rbp, rsp; sub rsp, 48; mov r11, [r15]; mov r11, [r11]; cmp rsp, [r11 + 32]; jb 1f;"
     "forever_call: call forever_code; forever_return: mov rsp, rbp; pop rbp; ret;"
     "1: lea r11, [rip + forever_site]; movq xmm15, r11; mov r11, [r15 + 16]; jmp [r11 + 1 * 8]; "
     "forever_site: ud2")
LABEL(forever_call);
LABEL(forever_return);
LABEL(forever_site);

START_TEST(runaway_recursion_is_a_trap) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (func (export \"forever\") unreachable))");
  struct code code = CODE_OF(&f, forever);
  struct code_reloc reloc = {
      .off = (uint32_t)(forever_call + 1 - forever_code), .index = 0, .kind = RELOC_CALL};
  struct code_site sites[] = {{.off = (uint32_t)(forever_return - forever_code), .wasm_off = 3},
                              {.off = (uint32_t)(forever_site - forever_code), .wasm_off = 2}};
  code.relocs = &reloc;
  code.nrelocs = 1;
  code.sites = sites;
  code.nsites = 2;
  struct instance *in = fixture_instance(&f, &code, NULL);
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "forever"), NULL, NULL), TRAP_STACK_EXHAUSTED);
    ck_assert_uint_eq(f.store->report.nframes, TRAP_FRAMES);
    /* 64 bytes a frame and 512 KiB */
    ck_assert_uint_ge(f.store->report.total, 8000);
    ck_assert_uint_le(f.store->report.total, 8200);
    ck_assert_uint_eq(f.store->report.frames[0].wasm_off, 2);
    for (int k = 1; k < TRAP_FRAMES; k++)
      ck_assert_uint_eq(f.store->report.frames[k].wasm_off, 3);
  }
  fixture_free(&f);
}
END_TEST

/* ---- host functions ---- */

/* Calls import 0 with 12 i64 (4 on the stack) and 10 f64 (2 on the stack): 48 bytes of arguments; results: 7
 * i64 and 7 f64, of which one each on the stack: 16 bytes. Returns the sum of all results' bits. */
CODE(
    many,
    "push rbp; mov rbp, rsp; push r15; push rbx; sub rsp, 16; sub rsp, 48;"
    "mov qword ptr [rsp], 9; mov qword ptr [rsp + 8], 10; mov qword ptr [rsp + 16], 11; mov qword ptr [rsp + "
    "24], 12;"
    "mov qword ptr [rsp + 32], 109; mov qword ptr [rsp + 40], 110;"
    "mov eax, 101; movq xmm0, rax; inc eax; movq xmm1, rax; inc eax; movq xmm2, rax; inc eax; movq xmm3, rax;"
    "inc eax; movq xmm4, rax; inc eax; movq xmm5, rax; inc eax; movq xmm6, rax; inc eax; movq xmm7, rax;"
    "mov edi, 1; mov esi, 2; mov edx, 3; mov ecx, 4; mov r8d, 5; mov r9d, 6; mov r10d, 7; mov eax, 8;"
    "mov r11, [r15 + FUNCS]; mov r15, [r11 + 8]; mov r14, [r15 + 8]; mov ebx, 12345;"
    "call [r11]; many_site:"
    "mov r15, [rbp - 8]; mov r14, [r15 + 8];"
    "cmp ebx, 12345; jne 1f; lea r11, [rbp - 32]; cmp rsp, r11; jne 1f;"
    "add rax, rdx; add rax, rcx; add rax, rsi; add rax, rdi; add rax, r8; add rax, [rsp];"
    "movq rcx, xmm0; add rax, rcx; movq rcx, xmm1; add rax, rcx; movq rcx, xmm2; add rax, rcx;"
    "movq rcx, xmm3; add rax, rcx; movq rcx, xmm4; add rax, rcx; movq rcx, xmm5; add rax, rcx; add rax, [rsp "
    "+ 8];"
    "add rsp, 16; pop rbx; pop r15; pop rbp; ret;"
    "1: int3")
LABEL(many_site);

struct host_env {
  struct fixture *f;
  struct instance *expected_caller;
  int calls;
  int mode;
  uint64_t inner_status;
  int finalized;
};

static uint64_t many_callback(void *env_pointer, struct host_call *call) {
  struct host_env *env = env_pointer;
  env->calls++;
  ck_assert_ptr_eq(call->store, env->f->store);
  ck_assert_ptr_eq(call->caller, env->expected_caller);
  ck_assert_uint_eq(call->type->nparams, 22);
  for (uint64_t i = 0; i < 12; i++)
    ck_assert_uint_eq(call->args[i].i64, i + 1);
  for (uint64_t i = 0; i < 10; i++)
    ck_assert_uint_eq(call->args[12 + i].f64, 101 + i);
  for (uint64_t i = 0; i < 14; i++)
    ck_assert_uint_eq(call->results[i].i64, 0);
  for (uint64_t i = 0; i < 14; i++)
    call->results[i].i64 = UINT64_C(1) << i;
  if (env->mode == 1) return TRAP_TABLE_OUT_OF_BOUNDS;
  if (env->mode == 2) {
    call->store->report.host_error = env;
    return TRAP_HOST_ERROR;
  }
  return 0;
}

static void host_finalizer(void *env_pointer) { ((struct host_env *)env_pointer)->finalized++; }

static uint32_t func_type(struct fixture *f, uint32_t func) {
  return f->module->canon_ids[f->module->funcs[func].type];
}

START_TEST(host_function_with_many_values) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f,
                 "(module (import \"h\" \"many\" (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64"
                 " f64 f64 f64 f64 f64 f64 f64 f64 f64 f64)"
                 " (result i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64)))"
                 "(func (export \"many\") (result i64) unreachable))");
  struct host_env env = {.f = &f};
  struct error e = ERROR_INIT;
  struct externval import = {.kind = EXTERN_FUNC};
  ck_assert(host_func_new(f.store, func_type(&f, 0), many_callback, &env, host_finalizer, &import.func, &e));
  struct code code = CODE_OF(&f, many);
  struct code_site site = {.off = (uint32_t)(many_site - many_code), .wasm_off = 44};
  code.sites = &site;
  code.nsites = 1;
  struct instance *in = fixture_instance(&f, &code, &import);
  env.expected_caller = in;
  union vm_value result;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "many"), NULL, &result), 0);
  ck_assert_uint_eq(result.i64, (1 << 14) - 1);
  env.mode = 1;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "many"), NULL, &result), TRAP_TABLE_OUT_OF_BOUNDS);
  ck_assert_uint_eq(f.store->report.total, 1);
  ck_assert_uint_eq(f.store->report.frames[0].wasm_off, 44);
  env.mode = 2;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "many"), NULL, &result), TRAP_HOST_ERROR);
  ck_assert_ptr_eq(f.store->report.host_error, &env);
  ck_assert_uint_eq(f.store->report.total, 1);
  /* From the host itself: no caller, no frames. */
  env.mode = 0;
  env.expected_caller = NULL;
  union vm_value args[22], results[14];
  memset(args, 0, sizeof args);
  for (uint64_t i = 0; i < 12; i++)
    args[i].i64 = i + 1;
  for (uint64_t i = 0; i < 10; i++)
    args[12 + i].f64 = 101 + i;
  ck_assert_uint_eq(entry_call(f.store, import.func, args, results), 0);
  for (uint64_t i = 0; i < 14; i++)
    ck_assert_uint_eq(results[i].i64, UINT64_C(1) << i);
  env.mode = 1;
  ck_assert_uint_eq(entry_call(f.store, import.func, args, results), TRAP_TABLE_OUT_OF_BOUNDS);
  ck_assert_uint_eq(f.store->report.total, 0);
  ck_assert_int_eq(env.calls, 5);
  fixture_free(&f);
  ck_assert_int_eq(env.finalized, 1);
}
END_TEST

/* ---- nested entries ---- */

CODE(call_out,
     "push rbp; mov rbp, rsp; push r15; push rbx; mov ebx, 7; mov r11, [r15 + FUNCS]; mov r15, [r11 + 8];"
     "mov r14, [r15 + 8]; call [r11]; call_out_site: mov r15, [rbp - 8]; add eax, ebx; pop rbx; pop r15; pop "
     "rbp; ret")
LABEL(call_out_site);

static uint64_t nested_callback(void *env_pointer, struct host_call *call) {
  struct host_env *env = env_pointer;
  struct vm_store *vm = &call->store->vm;
  struct stack *cur = vm->cur;
  struct entry *entry = vm->entry;
  env->calls++;
  if (env->mode == 1) { /* the inner call traps, the outer one goes on */
    ck_assert_uint_eq(entry_call(call->store, fixture_func(env->expected_caller, "trap"), NULL, NULL),
                      TRAP_INTEGER_OVERFLOW);
    ck_assert_uint_eq(call->store->report.total, 1);
  } else if (env->mode == 2) { /* without end */
    union vm_value result;
    uint64_t status = entry_call(call->store, fixture_func(env->expected_caller, "out"), NULL, &result);
    ck_assert_uint_eq(status, TRAP_STACK_EXHAUSTED);
    ck_assert_ptr_eq(vm->cur, cur);
    return status;
  }
  ck_assert_ptr_eq(vm->cur, cur);
  ck_assert_ptr_eq(vm->entry, entry);
  call->results[0].i64 = UINT64_C(0xdeadbeef00000023); /* the high half is dropped */
  return 0;
}

START_TEST(nested_calls_end_by_themselves) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(
      &f, "(module (import \"h\" \"f\" (func (result i32))) (func (export \"out\") (result i32) unreachable)"
          "(func (export \"trap\") unreachable))");
  struct host_env env = {.f = &f, .mode = 1};
  struct error e = ERROR_INIT;
  struct externval import = {.kind = EXTERN_FUNC};
  ck_assert(host_func_new(f.store, func_type(&f, 0), nested_callback, &env, NULL, &import.func, &e));
  struct code codes[] = {CODE_OF(&f, call_out), CODE_OF(&f, inner)};
  struct code_site out = {.off = (uint32_t)(call_out_site - call_out_code), .wasm_off = 1},
                   trap = {.off = (uint32_t)(inner_site - inner_code),
                           .wasm_off = 2,
                           .trap = TRAP_INTEGER_OVERFLOW};
  codes[0].sites = &out;
  codes[1].sites = &trap;
  codes[0].nsites = codes[1].nsites = 1;
  struct instance *in = fixture_instance(&f, codes, &import);
  env.expected_caller = in;
  union vm_value result;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "out"), NULL, &result), 0);
  ck_assert_uint_eq(result.i64, 0x23 + 7);
  ck_assert_int_eq(env.calls, 1);
  env.mode = 2;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "out"), NULL, &result), TRAP_STACK_EXHAUSTED);
  ck_assert_int_gt(env.calls, 100);
  ck_assert_ptr_null(f.store->vm.entry);
  ck_assert_uint_eq(f.store->entry_depth, 0);
  fixture_free(&f);
}
END_TEST

/* A function that ends in a call of the host leaves no frame: the instance is known all the same. */
CODE(tail_out, "mov r11, [r15 + FUNCS]; mov r15, [r11 + 8]; mov r14, [r15 + 8]; jmp [r11]")

static uint64_t tail_callback(void *env_pointer, struct host_call *call) {
  struct host_env *env = env_pointer;
  ck_assert_ptr_eq(call->caller, env->expected_caller);
  env->calls++;
  return env->mode == 1 ? TRAP_UNREACHABLE : 0;
}

START_TEST(tail_call_of_the_host) {
  struct fixture f;
  fixture_init(&f, false);
  fixture_module(&f, "(module (import \"h\" \"f\" (func)) (func (export \"out\") unreachable))");
  struct host_env env = {.f = &f};
  struct error e = ERROR_INIT;
  struct externval import = {.kind = EXTERN_FUNC};
  ck_assert(host_func_new(f.store, func_type(&f, 0), tail_callback, &env, NULL, &import.func, &e));
  struct code code = CODE_OF(&f, tail_out);
  struct instance *in = fixture_instance(&f, &code, &import);
  env.expected_caller = in;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "out"), NULL, NULL), 0);
  env.mode = 1;
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "out"), NULL, NULL), TRAP_UNREACHABLE);
  ck_assert_uint_eq(f.store->report.total, 0);
  ck_assert_int_eq(env.calls, 2);
  fixture_free(&f);
}
END_TEST

/* ---- interruption ---- */

CODE(spin, "push rbp; mov rbp, rsp; mov r11, [r15 + 24]; spin_site: cmp byte ptr [r11], 0; jmp spin_site")
LABEL(spin_site);

static void raise_later(void *interrupt) {
  struct timespec t = {.tv_nsec = 20000000};
  nanosleep(&t, NULL);
  interrupt_raise(interrupt, INTERRUPT_RAISED);
}

START_TEST(another_thread_interrupts) {
  struct fixture f;
  fixture_init(&f, true);
  fixture_module(&f, "(module (func (export \"spin\") unreachable))");
  struct code code = CODE_OF(&f, spin);
  struct code_site site = {
      .off = (uint32_t)(spin_site - spin_code), .wasm_off = 1, .trap = TRAP_INTERRUPT, .is_fault = 1};
  code.sites = &site;
  code.nsites = 1;
  struct instance *in = fixture_instance(&f, &code, NULL);
  struct interrupt *i = interrupt_ref(f.store->interrupt);
  struct thread t;
  for (int round = 0; round < 3; round++) {
    ck_assert(thread_start(&t, raise_later, i, 0, false));
    ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "spin"), NULL, NULL), TRAP_INTERRUPT);
    ck_assert_uint_eq(f.store->report.total, 1);
    thread_join(&t);
    ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "spin"), NULL, NULL),
                      TRAP_INTERRUPT); /* still raised */
    interrupt_clear(i);
    ck_assert(!interrupt_pending(i));
  }
  interrupt_raise(i, INTERRUPT_TIMEOUT);
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "spin"), NULL, NULL), TRAP_TIMEOUT);
  fixture_free(&f);
  interrupt_raise(i, INTERRUPT_RAISED); /* it outlives the store */
  ck_assert(interrupt_pending(i) == INTERRUPT_TIMEOUT);
  interrupt_unref(i);
}
END_TEST

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum {
  SIGNALS_COME_LATE = 1
}; /* TSan holds a signal back until the thread calls the C library: compiled code never does */
#else
enum { SIGNALS_COME_LATE = 0 };
#endif

/* The same from a signal handler on the running thread. */
static struct interrupt *alarm_interrupt;
static void on_alarm(int number) {
  (void)number;
  interrupt_raise(alarm_interrupt, INTERRUPT_TIMEOUT);
}

START_TEST(a_signal_handler_interrupts) {
  struct fixture f;
  if (SIGNALS_COME_LATE) return;
  fixture_init(&f, true);
  fixture_module(&f, "(module (func (export \"spin\") unreachable))");
  struct code code = CODE_OF(&f, spin);
  struct code_site site = {
      .off = (uint32_t)(spin_site - spin_code), .wasm_off = 1, .trap = TRAP_INTERRUPT, .is_fault = 1};
  code.sites = &site;
  code.nsites = 1;
  struct instance *in = fixture_instance(&f, &code, NULL);
  alarm_interrupt = f.store->interrupt;
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK};
  sigaction(SIGALRM, &action, NULL);
  ualarm(20000, 0);
  ck_assert_uint_eq(entry_call(f.store, fixture_func(in, "spin"), NULL, NULL), TRAP_TIMEOUT);
  fixture_free(&f);
}
END_TEST

static void thread_calls(void *store_pointer) {
  struct fixture *f = store_pointer;
  struct instance *in = load_instance(f);
  union vm_value arg = {.i64 = 65533}, result;
  if (entry_call(f->store, fixture_func(in, "load"), &arg, &result) != TRAP_MEMORY_OUT_OF_BOUNDS) abort();
}

START_TEST(other_threads_trap_too) {
  struct fixture f[2];
  struct thread t[2];
  for (int i = 0; i < 2; i++) {
    fixture_init(&f[i], false);
    ck_assert(thread_start(&t[i], thread_calls, &f[i], 0, false));
    thread_join(&t[i]);
    fixture_free(&f[i]);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("runtime/entry");
  TCase *crash = tcase_create("fault_elsewhere_goes_on");
  tcase_add_exit_test(crash, fault_elsewhere_goes_on, 7);
  suite_add_tcase(suite, crash);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return UNIT_RUN("runtime/entry", values_go_in_and_out, explicit_trap_has_a_backtrace,
                  fault_in_the_guard_is_a_trap, builtins_return_and_trap, every_builtin_has_a_function,
                  runaway_recursion_is_a_trap, host_function_with_many_values, nested_calls_end_by_themselves,
                  tail_call_of_the_host, another_thread_interrupts, a_signal_handler_interrupts,
                  other_threads_trap_too) ||
         failed;
}
