/* Continuations in machine code written by hand: resume, suspend and switch as compiled code will do them;
 * traps, faults, host calls and growth on their stacks.
 *
 * The functions take stacks as i64 instead of cells; a suspended stack comes to its handler as the last
 * payload. Nothing is kept in a register across a switch; rbx, r12 and r13 are saved where a function has
 * one. */
#include "runtime_fixture.h"

#include "abi/arch.h"
#include "gc/gc.h"
#include "runtime/cont.h"
#include "runtime/object.h"

#include <stdio.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SCALE = 100 };
#else
enum { SCALE = 1 };
#endif

#define ENTER                                                                                                \
  "push rbp; mov rbp, rsp; sub rsp, 128;"                                                                    \
  "0: mov r11, [r15]; mov r11, [r11]; cmp rsp, [r11 + 32]; jae 1f;"                                          \
  "lea r11, [rip + 2f]; movq xmm15, r11; mov r11, [r15 + 16]; jmp [r11 + STUBS + 8]; 2: jmp 0b; 1:"          \
  "mov [rbp - 8], r15; mov [rbp - 16], rbx; mov [rbp - 24], r12; mov [rbp - 32], r13;"
#define LEAVE                  "mov rbx, [rbp - 16]; mov r12, [rbp - 24]; mov r13, [rbp - 32]; mov rsp, rbp; pop rbp;"
#define HERE                   "mov r14, [r15 + 8];"
#define JUMP(stub)             "mov r11, [r15 + 16]; jmp [r11 + STUBS + 8 * " #stub "];"
#define THIS(reg)              "mov r11, [r15]; mov " #reg ", [r11];"
#define RESUME(table, landing) "lea r12, [rip + " table "]; lea r13, [rip + " landing "];" JUMP(2)
#define SUSPEND(tag, landing)                                                                                \
  THIS(r9) "mov rbx, [r15 + TAGS + 8 * " #tag "]; xor r12d, r12d; lea r13, [rip + " landing "];" JUMP(3)
#define TRAP "mov r11, [r15 + 16]; call [r11 + STUBS];"
#define ONE_CLAUSE(name, tag, landing)                                                                       \
  ".p2align 3; .quad 0; " name ": .long 0, 0; 9: .long TAGS + 8 * " #tag ", " landing " - 9b; .quad 0;"
#define NO_CLAUSE(name) ".p2align 3; .quad 0; " name ": .quad 0, 0;"

/* (next) -> result: suspends with what it was given until it is given 0, then returns 7. */
CODE(gen, ENTER "test rdi, rdi; jz 3f; 4: mov rax, rdi;" THIS(rdx)
              SUSPEND(0, "gen_site") "gen_site:" HERE "test rdi, rdi; jnz 4b; 3: mov eax, 7;" LEAVE "ret")
/* (child, rounds) -> sum of all that came */
CODE(drive,
     ENTER "mov [rbp - 40], rsi; mov qword ptr [rbp - 48], 0; mov rbx, rdi; 4: mov rdi, [rbp - 40];" RESUME(
         "drive_table", "drive_return") "drive_landing:" HERE "add [rbp - 48], rax; mov rbx, rdx; dec qword "
                                        "ptr [rbp - 40]; jmp 4b; drive_return:" HERE
                                        "add rax, [rbp - 48];" LEAVE
                                        "ret;" ONE_CLAUSE("drive_table", 0, "drive_landing"))
/* (child, arg) -> the child's result; handles nothing. */
CODE(pass,
     ENTER "mov rbx, rdi; mov rdi, rsi;" RESUME("pass_table", "pass_return") "pass_return:" HERE LEAVE
                                                                             "ret;" NO_CLAUSE("pass_table"))
/* (any) -> traps */
CODE(trapper, ENTER TRAP "trapper_trap:")
/* (child) : resumes, then traps where the child has suspended or returned. */
CODE(after, ENTER
     "mov rbx, rdi; mov edi, 5;" RESUME("after_table",
                                        "after_return") "after_landing:" HERE TRAP
                                                        "after_suspend_trap: after_return:" HERE TRAP
                                                        "after_return_trap:" ONE_CLAUSE("after_table", 0,
                                                                                        "after_landing"))
/* (n) -> n, by n calls */
CODE(deep, ENTER "test rdi, rdi; jz 3f; dec rdi; deep_call: call deep_code; deep_return: inc rax;" LEAVE
                 "ret; 3: xor eax, eax;" LEAVE "ret")
/* (x) -> host(x) */
CODE(out, ENTER "mov r11, [r15 + FUNCS]; mov r15, [r11 + 8]; mov r14, [r15 + 8]; call [r11]; out_site:"
                "mov r15, [rbp - 8]; mov r14, [r15 + 8];" LEAVE "ret")
/* (address) -> *(memory0 + address) */
CODE(loader, ENTER "loader_fault: mov eax, [r14 + rdi];" LEAVE "ret")
/* (10 i64) -> 8 i64: suspends with the 10 as payload of 8 (the last two and this stack left out: 8 and 9 on
 * the stack), goes on with 10 other values and returns 8 of them. */
CODE(wide, ENTER "mov rax, rdi; mov r11, rcx; mov rcx, rdx; mov rdx, rsi; mov rsi, r11; mov rdi, r8; mov r8, "
                 "r9;"
                 "mov r11, [rbp + 16]; mov [rsp], r11; mov r11, [r15]; mov r11, [r11]; mov [rsp + 8], "
                 "r11;" THIS(r9) "mov rbx, [r15 + TAGS + 8]; mov r12d, 16; lea r13, [rip + wide_site];" JUMP(
                     3) "wide_site:" HERE
                        "mov r11, [rsp]; mov [rbp + 32], r11; mov r11, [rsp + 8]; mov [rbp + 40], r11;"
                        "mov rax, rdi; mov r11, rcx; mov rcx, rdx; mov rdx, rsi; mov rsi, r11; mov rdi, r8; "
                        "mov r8, "
                        "r9;" LEAVE "ret 16")
/* (child) -> sum over what the child gave, each times its place: resumes with 10..19, then with 30..39 */
#define WIDE_ARGS(n)                                                                                         \
  "mov edi, " #n "; lea rsi, [rdi + 1]; lea rdx, [rdi + 2]; lea rcx, [rdi + 3]; lea r8, [rdi + 4];"          \
  "lea r9, [rdi + 5]; lea r10, [rdi + 6]; lea rax, [rdi + 7]; lea r11, [rdi + 8]; mov [rsp], r11;"           \
  "inc r11; mov [rsp + 8], r11;"
CODE(wide_drive,
     ENTER "mov rbx, rdi;" WIDE_ARGS(10) RESUME(
         "wide_table",
         "wide_return") "wide_landing:" HERE
                        "mov rbx, [rsp + 24]; call 5f; mov r11, [rsp + 16]; imul r11, r11, 7; add r11, rax;"
                        "mov [rbp - 40], r11;" WIDE_ARGS(30) RESUME(
                            "wide_table",
                            "wide_return") "wide_return:" HERE "call 5f; mov r11, [rsp + 16]; imul r11, r11, "
                                           "7; add rax, r11; mov r11, [rsp + 24];"
                                           "lea rax, [rax + r11 * 8]; imul rax, rax, 1000; add rax, [rbp - "
                                           "40];" LEAVE "ret;"
                                           "5: lea rax, [rax + rdx * 2]; imul rcx, rcx, 3; add rax, rcx; lea "
                                           "rax, [rax + rsi * 4];"
                                           "imul rdi, rdi, 5; add rax, rdi; imul r8, r8, 6; add rax, r8; ret;"
                                           ".p2align 3; .quad 0; wide_table: .long 16, 0; 9: .long TAGS + 8, "
                                           "wide_landing - 9b; .quad 0")
/* (count, other) -> : switches to the other, which got this stack as its argument, until count is 0, then
 * returns count. Count is kept in a word of memory 0. */
CODE(switcher,
     ENTER "mov [rbp - 40], rdi; 4: cmp qword ptr [r14], 0; jz 3f; dec qword ptr [r14];" THIS(
         rdi) "mov rbx, [r15 + TAGS]; lea r12, [rbp - 40]; lea r13, [rip + switcher_site]; mov r11, rdi; "
              "mov r14, [r15 + 16]; jmp [r14 + STUBS + 8 * 4]; switcher_site:" HERE
              "mov [rbp - 40], rdi; jmp 4b; 3: mov rax, [rbp - 40];" LEAVE "ret")
/* (child, arg) -> the last child's result; lets its descendants switch. */
CODE(switch_host,
     ENTER "mov rbx, rdi; mov rdi, rsi;" RESUME("switch_table", "switch_return") "switch_return:" HERE
         LEAVE "ret; .p2align 3; .quad 0; .long TAGS, 0; switch_table: .quad 0, 0;")
/* (child, status) ends the child: resume_trap */
CODE(cancel,
     ENTER "mov rbx, rdi; mov rax, rsi; lea r12, [rip + cancel_table]; lea r13, [rip + cancel_return];" JUMP(
         6) "cancel_return: ud2;" NO_CLAUSE("cancel_table"))
LABEL(trapper_trap);
LABEL(after_suspend_trap);
LABEL(after_return_trap);
LABEL(deep_return);
LABEL(deep_call);
LABEL(out_site);
LABEL(loader_fault);
LABEL(gen_site);
LABEL(pass_return);
LABEL(drive_return);

static const char wat[] =
    "(module (type $a (func (param i64) (result i64))) (type $b (func (param i64 i64) (result i64)))"
    "(type $w (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i64 i64 i64 i64 i64 i64 "
    "i64)))"
    "(import \"h\" \"f\" (func (type $a))) (memory 1) (tag (param i64)) (tag (param i64))"
    "(func (export \"gen\") (type $a) unreachable) (func (export \"drive\") (type $b) unreachable)"
    "(func (export \"pass\") (type $b) unreachable) (func (export \"trapper\") (type $a) unreachable)"
    "(func (export \"after\") (type $a) unreachable) (func (export \"deep\") (type $a) unreachable)"
    "(func (export \"out\") (type $a) unreachable) (func (export \"loader\") (type $a) unreachable)"
    "(func (export \"wide\") (type $w) unreachable) (func (export \"wide_drive\") (type $a) unreachable)"
    "(func (export \"switcher\") (type $a) unreachable) (func (export \"switch_host\") (type $b) unreachable)"
    "(func (export \"cancel\") (type $b) unreachable))";
enum { GEN = 1, DRIVE, PASS, TRAPPER, AFTER, DEEP, OUT, LOADER, CANCEL = 13 };

struct world {
  struct fixture f;
  struct instance *in;
  uint64_t (*host)(struct world *w, uint64_t x, uint64_t *result);
};

static uint64_t callback(void *env, struct host_call *call) {
  struct world *w = env;
  ck_assert_ptr_eq(call->caller, w->in);
  uintptr_t here = (uintptr_t)__builtin_frame_address(0), root = call->store->vm.entry->root.sp;
  ck_assert(here < root && root - here < 65536); /* on the thread's own stack */
  return w->host(w, call->args[0].i64, &call->results[0].i64);
}

static struct code_site site_at(const uint8_t *label, const uint8_t *code, uint32_t wasm_off,
                                enum trap_code trap) {
  return (struct code_site){.off = (uint32_t)(label - code), .wasm_off = wasm_off, .trap = (uint8_t)trap};
}
static void sites(struct world *w, struct code *code, const struct code_site *at, uint32_t n) {
  code->sites = arena_copy(&w->f.arena, at, n * sizeof *at);
  code->nsites = n;
}

static void world_init(struct world *w, uint64_t max_size, uint64_t max_total) {
  fixture_init(&w->f, false);
  w->f.store->limits.max_stack_size = max_size;
  w->f.store->limits.max_stacks_size = max_total;
  fixture_module(&w->f, wat);
  struct fixture *f = &w->f;
  struct code c[] = {CODE_OF(f, gen),   CODE_OF(f, drive),      CODE_OF(f, pass),     CODE_OF(f, trapper),
                     CODE_OF(f, after), CODE_OF(f, deep),       CODE_OF(f, out),      CODE_OF(f, loader),
                     CODE_OF(f, wide),  CODE_OF(f, wide_drive), CODE_OF(f, switcher), CODE_OF(f, switch_host),
                     CODE_OF(f, cancel)};
  sites(w, &c[0], (struct code_site[]){site_at(gen_site, gen_code, 10, TRAP_NONE)}, 1);
  sites(w, &c[1], (struct code_site[]){site_at(drive_return, drive_code, 20, TRAP_NONE)}, 1);
  sites(w, &c[2], (struct code_site[]){site_at(pass_return, pass_code, 30, TRAP_NONE)}, 1);
  sites(w, &c[3], (struct code_site[]){site_at(trapper_trap, trapper_code, 40, TRAP_INTEGER_OVERFLOW)}, 1);
  sites(w, &c[4],
        (struct code_site[]){site_at(after_suspend_trap, after_code, 50, TRAP_UNREACHABLE),
                             site_at(after_return_trap, after_code, 51, TRAP_INTEGER_DIVIDE_BY_ZERO)},
        2);
  sites(w, &c[5], (struct code_site[]){site_at(deep_return, deep_code, 60, TRAP_NONE)}, 1);
  struct code_reloc reloc = {.off = (uint32_t)(deep_call + 1 - deep_code), .index = DEEP, .kind = RELOC_CALL};
  c[5].relocs = arena_copy(&f->arena, &reloc, sizeof reloc);
  c[5].nrelocs = 1;
  sites(w, &c[6], (struct code_site[]){site_at(out_site, out_code, 70, TRAP_NONE)}, 1);
  sites(w, &c[7], (struct code_site[]){site_at(loader_fault, loader_code, 80, TRAP_MEMORY_OUT_OF_BOUNDS)}, 1);
  c[7].sites[0].is_fault = 1;
  struct externval import = {.kind = EXTERN_FUNC};
  struct error e = ERROR_INIT;
  uint32_t type = f->module->canon_ids[f->module->funcs[0].type];
  ck_assert(host_func_new(f->store, type, callback, w, NULL, &import.func, &e));
  w->in = fixture_instance(f, c, &import);
}
static void world_free(struct world *w) { fixture_free(&w->f); }

static struct stack *cont(struct world *w, const char *name) {
  struct stack *s = cont_new(w->f.store, &fixture_func(w->in, name)->vm);
  ck_assert_ptr_nonnull(s);
  return s;
}
/* A continuation of pass with its child bound. */
static struct stack *cont_pass_of(struct world *w, struct stack *child) {
  struct stack *s = cont(w, "pass");
  const struct functype *t = funcinst_type(fixture_func(w->in, "pass"));
  union vm_value v = {.i64 = (uint64_t)child};
  ck_assert_int_eq(cont_bind(s, t->params, t->nparams, &v, 1), TRAP_NONE);
  return s;
}

static uint64_t call(struct world *w, const char *name, uint64_t a, uint64_t b, uint64_t *result) {
  union vm_value args[2] = {{.i64 = a}, {.i64 = b}}, results[8] = {{0}};
  uint64_t status = entry_call(w->f.store, fixture_func(w->in, name), args, results);
  if (result) *result = results[0].i64;
  return status;
}

static void count(void *arg, struct stack *s) {
  (void)s;
  ++*(uint64_t *)arg;
}
static uint64_t live(struct world *w) {
  uint64_t n = 0;
  if (w->f.store->stacks) stack_each(w->f.store->stacks, count, &n);
  return n;
}

static void drop(void *store, struct stack *s) {
  if (stack_is_captured(s)) chain_free(((struct store *)store)->stacks, s);
}
/* As a collection does when no cell lives. */
static void drop_captured(struct world *w) { stack_each(w->f.store->stacks, drop, w->f.store); }

/* The store is as before the call, and still works. */
static void check_usable(struct world *w, uint64_t stacks) {
  ck_assert_ptr_null(w->f.store->vm.cur);
  ck_assert_ptr_null(w->f.store->vm.entry);
  ck_assert_uint_eq(live(w), stacks);
  uint64_t sum;
  ck_assert_uint_eq(call(w, "drive", (uint64_t)cont(w, "gen"), 4, &sum), 0);
  ck_assert_uint_eq(sum, 4 + 3 + 2 + 1 + 7);
  ck_assert_uint_eq(live(w), stacks);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

START_TEST(ping_pong) {
  struct world w;
  world_init(&w, 0, 0);
  uint64_t sum, n = 1000000 / SCALE;
  double t = now();
  ck_assert_uint_eq(call(&w, "drive", (uint64_t)cont(&w, "gen"), n, &sum), 0);
  printf("suspend and resume: %.1f ns a round\n", (now() - t) / (double)n);
  ck_assert_uint_eq(sum, n * (n + 1) / 2 + 7);
  /* Through two stacks that do not handle it: a captured chain of three. */
  struct stack *outer = cont_pass_of(&w, cont_pass_of(&w, cont(&w, "gen")));
  t = now();
  ck_assert_uint_eq(call(&w, "drive", (uint64_t)outer, n, &sum), 0);
  printf("the same over two stacks more: %.1f ns\n", (now() - t) / (double)n);
  ck_assert_uint_eq(sum, n * (n + 1) / 2 + 7);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

START_TEST(create_run_finish) {
  struct world w;
  world_init(&w, 0, 0);
  uint64_t result, n = 1000000 / SCALE;
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "gen"), 0, &result), 0);
  ck_assert_uint_eq(result, 7);
  const struct vm_func *gen = &fixture_func(w.in, "gen")->vm;
  double t = now();
  for (uint64_t i = 0; i < n; i++)
    stack_free(w.f.store->stacks, cont_new(w.f.store, gen));
  printf("create and drop: %.1f ns\n", (now() - t) / (double)n);
  uint64_t total = stack_pool_total(w.f.store->stacks);
  for (uint64_t i = 0; i < 1000; i++)
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "gen"), 0, &result), 0);
  ck_assert_uint_eq(stack_pool_total(w.f.store->stacks), total);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

/* A trap's frames, innermost first: function index and stack (0 root, else different for each). */
static void check_trap(struct world *w, uint64_t status, const uint32_t *funcs, const uint32_t *depth,
                       uint32_t n) {
  const struct trap_report *r = &w->f.store->report;
  ck_assert_uint_eq(r->status, status);
  ck_assert_uint_eq(r->total, n);
  for (uint32_t i = 0; i < n; i++) {
    ck_assert_uint_eq(r->frames[i].func_index, funcs[i]);
    ck_assert((r->frames[i].stack_id == 0) == (depth[i] == 0));
    for (uint32_t k = 0; k < i; k++)
      ck_assert((r->frames[i].stack_id == r->frames[k].stack_id) == (depth[i] == depth[k]));
  }
}

START_TEST(traps_on_the_child) {
  struct world w;
  world_init(&w, 0, 0);
  for (int round = 0; round < 1000; round++) {
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "trapper"), 0, NULL), TRAP_INTEGER_OVERFLOW);
    check_trap(&w, TRAP_INTEGER_OVERFLOW, (uint32_t[]){TRAPPER, PASS}, (uint32_t[]){1, 0}, 2);
    check_usable(&w, 0);
    struct stack *outer = cont_pass_of(&w, cont_pass_of(&w, cont(&w, "trapper")));
    ck_assert_uint_eq(call(&w, "drive", (uint64_t)outer, 0, NULL), TRAP_INTEGER_OVERFLOW);
    check_trap(&w, TRAP_INTEGER_OVERFLOW, (uint32_t[]){TRAPPER, PASS, PASS, DRIVE}, (uint32_t[]){3, 2, 1, 0},
               4);
    ck_assert_uint_eq(w.f.store->report.frames[1].wasm_off, 30);
    ck_assert_uint_eq(w.f.store->report.frames[3].wasm_off, 20);
    check_usable(&w, 0);
  }
  world_free(&w);
}
END_TEST

/* The published failure: a trap on the parent after its child has suspended, or returned. */
START_TEST(traps_on_the_parent) {
  struct world w;
  world_init(&w, 0, 0);
  for (int round = 0; round < 1000; round++) {
    ck_assert_uint_eq(call(&w, "after", (uint64_t)cont(&w, "gen"), 0, NULL), TRAP_UNREACHABLE);
    check_trap(&w, TRAP_UNREACHABLE, (uint32_t[]){AFTER}, (uint32_t[]){0}, 1);
    check_usable(&w, 1);
    drop_captured(&w);
    struct stack *child = cont(&w, "deep");
    ck_assert_uint_eq(call(&w, "after", (uint64_t)child, 0, NULL), TRAP_INTEGER_DIVIDE_BY_ZERO);
    check_trap(&w, TRAP_INTEGER_DIVIDE_BY_ZERO, (uint32_t[]){AFTER}, (uint32_t[]){0}, 1);
    ck_assert(stack_is_free(child));
    /* On a child that was a parent itself: only its own frames and the root's. */
    struct stack *middle = cont(&w, "after");
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)middle, (uint64_t)cont(&w, "gen"), NULL), TRAP_UNREACHABLE);
    check_trap(&w, TRAP_UNREACHABLE, (uint32_t[]){AFTER, PASS}, (uint32_t[]){1, 0}, 2);
    ck_assert_uint_eq(live(&w), 1);
    drop_captured(&w);
    check_usable(&w, 0);
  }
  world_free(&w);
}
END_TEST

START_TEST(fault_on_the_child) {
  struct world w;
  world_init(&w, 0, 0);
  uint64_t result;
  memcpy(instance_memory(w.in, 0)->vm.base + 8, "\7\0\0\0", 4);
  for (int round = 0; round < 100; round++) {
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "loader"), 8, &result), 0);
    ck_assert_uint_eq(result, 7);
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont_pass_of(&w, cont(&w, "loader")), 65536, NULL),
                      TRAP_MEMORY_OUT_OF_BOUNDS);
    check_trap(&w, TRAP_MEMORY_OUT_OF_BOUNDS, (uint32_t[]){LOADER, PASS, PASS}, (uint32_t[]){2, 1, 0}, 3);
    check_usable(&w, 0);
  }
  world_free(&w);
}
END_TEST

START_TEST(unhandled) {
  struct world w;
  world_init(&w, 0, 0);
  ck_assert_uint_eq(call(&w, "gen", 1, 0, NULL), TRAP_UNHANDLED_TAG); /* on the root itself */
  check_trap(&w, TRAP_UNHANDLED_TAG, (uint32_t[]){GEN}, (uint32_t[]){0}, 1);
  struct stack *outer = cont_pass_of(&w, cont_pass_of(&w, cont(&w, "gen")));
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)outer, 1, NULL), TRAP_UNHANDLED_TAG);
  check_trap(&w, TRAP_UNHANDLED_TAG, (uint32_t[]){GEN, PASS, PASS, PASS}, (uint32_t[]){3, 2, 1, 0}, 4);
  check_usable(&w, 0);
  /* switch looks at its own clauses only, and leaves its target alone */
  struct stack *target = cont(&w, "gen");
  *(uint64_t *)instance_memory(w.in, 0)->vm.base = 1;
  struct stack *from = cont(&w, "switcher");
  const struct functype *t = funcinst_type(fixture_func(w.in, "switcher"));
  union vm_value v = {.i64 = (uint64_t)target};
  ck_assert_int_eq(cont_bind(from, t->params, 1, &v, 1), TRAP_NONE);
  ck_assert_uint_eq(call(&w, "drive", (uint64_t)from, 1, NULL), TRAP_UNHANDLED_TAG);
  ck_assert(stack_is_fresh(target));
  ck_assert_uint_eq(live(&w), 1);
  drop_captured(&w);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

START_TEST(deep_in_a_continuation) {
  struct world w;
  world_init(&w, 64 << 20, 0);
  uint64_t result;
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont_pass_of(&w, cont(&w, "deep")), 100000, &result), 0);
  ck_assert_uint_eq(result, 100000);
  check_usable(&w, 0);
  /* Every size on the way, and back on a stack of each. */
  for (uint64_t n = 1; n < 3000; n += n / 4 + 1) {
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "deep"), n, &result), 0);
    ck_assert_uint_eq(result, n);
  }
  double t = now();
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "deep"), 300000, &result), 0);
  printf("300000 frames and back: %.1f ms\n", (now() - t) / 1e6);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

START_TEST(exhaustion) {
  struct world w;
  world_init(&w, 1 << 20, 4 << 20);
  for (int round = 0; round < 10; round++) {
    ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "deep"), UINT64_MAX, NULL), TRAP_STACK_EXHAUSTED);
    ck_assert_uint_ge(w.f.store->report.total, 7000); /* 144 bytes a frame */
    ck_assert_uint_le(w.f.store->report.total, (1 << 20) / 144 + 3);
    check_usable(&w, 0);
  }
  /* No memory for one stack more: the resume traps. */
  struct stack *chain = cont(&w, "gen");
  for (int i = 0; i < 5000; i++)
    chain = cont_pass_of(&w, chain);
  ck_assert_uint_eq(call(&w, "drive", (uint64_t)chain, 1, NULL), 0);
  world_free(&w);
  world_init(&w, 1 << 20, (64 << 10) + 5001 * STACK_DESCRIPTOR_SIZE);
  chain = cont(&w, "gen");
  for (int i = 0; i < 5000; i++)
    chain = cont_pass_of(&w, chain);
  ck_assert_uint_eq(call(&w, "drive", (uint64_t)chain, 1, NULL), TRAP_STACK_EXHAUSTED);
  ck_assert_uint_ge(w.f.store->report.total, 64);
  ck_assert_uint_eq(live(&w), 5001 - w.f.store->report.total); /* those that had not run */
  drop_captured(&w);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

static uint64_t plus_one(struct world *w, uint64_t x, uint64_t *result) {
  (void)w;
  *result = x + 1;
  return x == 13 ? TRAP_TABLE_OUT_OF_BOUNDS : 0;
}

/* Runs continuations of its own while the caller's stack waits; suspension and traps end at this entry. */
static uint64_t again(struct world *w, uint64_t x, uint64_t *result) {
  uint64_t n = live(w);
  const struct stack *cur = w->f.store->vm.cur;
  ck_assert_uint_eq(call(w, "gen", 1, 0, NULL), TRAP_UNHANDLED_TAG);
  ck_assert_uint_eq(w->f.store->report.total, 1);
  ck_assert_uint_eq(call(w, "pass", (uint64_t)cont(w, "trapper"), 0, NULL), TRAP_INTEGER_OVERFLOW);
  ck_assert_uint_eq(w->f.store->report.total, 2);
  if (x) {
    ck_assert_uint_eq(call(w, "pass", (uint64_t)cont(w, "out"), x - 1, result), 0);
    ++*result;
  } else {
    ck_assert_uint_eq(call(w, "drive", (uint64_t)cont(w, "gen"), 3, result), 0);
  }
  ck_assert_ptr_eq(w->f.store->vm.cur, cur);
  ck_assert_uint_eq(live(w), n);
  return 0;
}

START_TEST(host_functions) {
  struct world w;
  world_init(&w, 0, 0);
  w.host = plus_one;
  uint64_t result;
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "out"), 41, &result), 0);
  ck_assert_uint_eq(result, 42);
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "out"), 13, NULL), TRAP_TABLE_OUT_OF_BOUNDS);
  check_trap(&w, TRAP_TABLE_OUT_OF_BOUNDS, (uint32_t[]){OUT, PASS}, (uint32_t[]){1, 0}, 2);
  check_usable(&w, 0);
  w.host = again;
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont(&w, "out"), 20, &result), 0);
  ck_assert_uint_eq(result, 3 + 2 + 1 + 7 + 20);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

/* A host function as the body: no instance calls it. */
static uint64_t body_callback(void *env, struct host_call *host_call) {
  struct world *w = env;
  ck_assert_ptr_null(host_call->caller);
  return plus_one(w, host_call->args[0].i64, &host_call->results[0].i64);
}
START_TEST(host_function_as_body) {
  struct world w;
  world_init(&w, 0, 0);
  struct funcinst *func;
  struct error e = ERROR_INIT;
  uint32_t type = w.f.module->canon_ids[w.f.module->funcs[0].type];
  ck_assert(host_func_new(w.f.store, type, body_callback, &w, NULL, &func, &e));
  uint64_t result;
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont_new(w.f.store, &func->vm), 41, &result), 0);
  ck_assert_uint_eq(result, 42);
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)cont_new(w.f.store, &func->vm), 13, NULL),
                    TRAP_TABLE_OUT_OF_BOUNDS);
  check_trap(&w, TRAP_TABLE_OUT_OF_BOUNDS, (uint32_t[]){PASS}, (uint32_t[]){0}, 1);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

START_TEST(many_values) {
  struct world w;
  world_init(&w, 0, 0);
  uint64_t result, want[2];
  for (uint64_t n = 10, i = 0; i < 2; i++, n += 20)
    want[i] = n + 2 * (n + 1) + 3 * (n + 2) + 4 * (n + 3) + 5 * (n + 4) + 6 * (n + 5) + 7 * (n + 8) +
              i * 8 * (n + 9);
  for (int round = 0; round < 100; round++) {
    ck_assert_uint_eq(call(&w, "wide_drive", (uint64_t)cont(&w, "wide"), 0, &result), 0);
    ck_assert_uint_eq(result, 1000 * want[1] + want[0]);
    ck_assert_uint_eq(live(&w), 0);
  }
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

/* Bound in two steps to the fresh continuation; what is left still comes in registers. */
START_TEST(bound_arguments) {
  struct world w;
  world_init(&w, 0, 0);
  const struct functype *t = funcinst_type(fixture_func(w.in, "pass"));
  union vm_value v[2] = {{.i64 = (uint64_t)cont(&w, "gen")}, {.i64 = 0}};
  struct stack *s = cont(&w, "pass");
  ck_assert_int_eq(cont_bind(s, t->params, 2, v, 0), TRAP_NONE);
  ck_assert_int_eq(cont_bind(s, t->params, 2, v, 1), TRAP_NONE);
  ck_assert_int_eq(cont_bind(s, t->params + 1, 1, v + 1, 1), TRAP_NONE);
  uint64_t result;
  ck_assert_uint_eq(call(&w, "pass", (uint64_t)s, 99, &result), 0);
  ck_assert_uint_eq(result, 7);
  /* Dropped with its values. */
  s = cont_pass_of(&w, cont(&w, "gen"));
  ck_assert_uint_eq(live(&w), 2);
  drop_captured(&w);
  alloc_fail_after(0, false);
  s = cont(&w, "pass");
  ck_assert_int_eq(cont_bind(s, t->params, 2, v, 1), TRAP_OUT_OF_MEMORY);
  ck_assert(stack_is_fresh(s));
  drop_captured(&w);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

START_TEST(switching) {
  struct world w;
  world_init(&w, 0, 0);
  for (uint64_t n = 0; n < 12; n++) {
    *(uint64_t *)instance_memory(w.in, 0)->vm.base = n;
    struct stack *a = cont(&w, "switcher"), *b = cont(&w, "switcher");
    uint64_t result;
    ck_assert_uint_eq(call(&w, "switch_host", (uint64_t)a, (uint64_t)b, &result), 0);
    ck_assert(stack_is_free(n % 2 ? b : a)); /* who has run last has ended, and gives the other */
    ck_assert_ptr_eq((struct stack *)result, n % 2 ? a : b);
    ck_assert_uint_eq(live(&w), 1);
    drop_captured(&w);
  }
  uint64_t n = 1000000 / SCALE;
  *(uint64_t *)instance_memory(w.in, 0)->vm.base = n;
  struct stack *a = cont(&w, "switcher"), *b = cont(&w, "switcher");
  double t = now();
  ck_assert_uint_eq(call(&w, "switch_host", (uint64_t)a, (uint64_t)b, NULL), 0);
  printf("switch: %.1f ns\n", (now() - t) / (double)n);
  drop_captured(&w);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

static void find_captured(void *out, struct stack *s) {
  if (stack_is_captured(s)) *(struct stack **)out = s;
}

/* resume_trap: a status raised where the child stands. */
START_TEST(cancelling) {
  struct world w;
  world_init(&w, 0, 0);
  ck_assert_uint_eq(call(&w, "cancel", (uint64_t)cont(&w, "gen"), TRAP_INTERRUPT, NULL), TRAP_INTERRUPT);
  ck_assert_uint_eq(w.f.store->report.total, 1); /* nothing of it had run */
  check_usable(&w, 0);
  ck_assert_uint_eq(call(&w, "after", (uint64_t)cont_pass_of(&w, cont(&w, "gen")), 0, NULL),
                    TRAP_UNREACHABLE);
  struct stack *head = NULL; /* gen, suspended over the stack that had resumed it */
  stack_each(w.f.store->stacks, find_captured, &head);
  ck_assert_uint_eq(live(&w), 2);
  ck_assert_uint_eq(call(&w, "cancel", (uint64_t)head, TRAP_INTERRUPT, NULL), TRAP_INTERRUPT);
  check_trap(&w, TRAP_INTERRUPT, (uint32_t[]){GEN, PASS, CANCEL}, (uint32_t[]){2, 1, 0}, 3);
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

START_TEST(abandoned) {
  struct world w;
  world_init(&w, 0, UINT64_C(2) << 30);
  uint64_t n = 100000 / SCALE;
  for (int round = 0; round < 10; round++) {
    for (uint64_t i = 0; i < n; i++)
      ck_assert_uint_eq(call(&w, "after", (uint64_t)cont(&w, "gen"), 0, NULL), TRAP_UNREACHABLE);
    ck_assert_uint_eq(live(&w), n);
    ck_assert_uint_eq(stack_pool_total(w.f.store->stacks), 512 * n);
    drop_captured(&w);
    check_usable(&w, 0);
  }
  world_free(&w);
}
END_TEST

/* Cells and what is bound under them: the dead give their stacks back, what lives moves. */
START_TEST(collected) {
  struct world w;
  world_init(&w, 0, 0);
  struct store *s = w.f.store;
  const struct vm_func *gen = &fixture_func(w.in, "gen")->vm;
  static const valtype types[2] = {VT_I64, VT_EXTERNREF};
  for (int round = 0; round < 3; round++) {
    size_t scope = store_scope_open(s);
    for (int i = 0; i < 1000; i++) {
      uint32_t cell = 0;
      ck_assert_int_eq(cont_cell_new(s, gen, &cell), TRAP_NONE);
      ck_assert_uint_ne(cell, 0);
      if (i % 10) continue;
      struct value held = {.type = VT_CONTREF, .of.ref = cell};
      ck_assert_uint_ne(store_ref_new(s, &held), 0);
      size_t at = s->refs.len - 1;
      union vm_value v[2] = {{.i64 = 3}, {.ref = store_extern_new(s, (char *)&w + i, NULL)}};
      struct object_cont *c = object_at(gc_base(s->heap), s->refs.at[at].of.ref);
      ck_assert_int_eq(cont_bind((struct stack *)c->stack, types, 2, v, 2), TRAP_NONE);
    }
    gc_collect(s->heap, round == 0 ? GC_MINOR : round == 1 ? GC_MAJOR : GC_FULL);
    ck_assert_uint_eq(live(&w), 100);
    for (size_t at = s->refs.len - 100, i = 0; at < s->refs.len; at++, i++) {
      const struct object_cont *c = object_at(gc_base(s->heap), s->refs.at[at].of.ref);
      const struct stack *stack = (const struct stack *)c->stack;
      void *data;
      ck_assert_uint_eq(stack->cell, s->refs.at[at].of.ref);
      ck_assert(store_extern(s, stack->bound->values[1].ref, &data) && data == (char *)&w + 10 * i);
    }
    store_scope_close(s, scope);
    gc_collect(s->heap, GC_FULL);
    ck_assert_uint_eq(live(&w), 0);
  }
  check_usable(&w, 0);
  world_free(&w);
}
END_TEST

int main(void) {
  return UNIT_RUN("runtime/cont", ping_pong, create_run_finish, traps_on_the_child, traps_on_the_parent,
                  fault_on_the_child, unhandled, deep_in_a_continuation, exhaustion, host_functions,
                  host_function_as_body, many_values, bound_arguments, switching, cancelling, abandoned,
                  collected);
}
