/* No page is ever writable and executable, and none with a guest's long constants executable: compiled at
 * once, when called, from the cache, from a file; with traps, collections, stacks and children. The mappings
 * are looked at after each step, and a filter in the kernel ends the process at the first call that asks for
 * both, so that no moment between two looks is missed. */
#include "unit.h"

#include <heddle.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* mmap, mprotect and pkey_mprotect have their access as third argument; executable shared memory (which could
 * be mapped twice) is not looked for: os/vm.h shares nothing. */
static bool forbid_both(void) {
#define CALL(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 4), LOAD_PROT
#define LOAD_PROT                                                                                            \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),                                \
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),                                           \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1),                                     \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define LOAD_NR BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
  static struct sock_filter code[] = {
      LOAD_NR,
      CALL(SYS_mmap),
      LOAD_NR,
      CALL(SYS_mprotect),
      LOAD_NR,
      CALL(SYS_pkey_mprotect),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Halves of "constants"' constants, as they would stand in code; inverted, so that the test's own does not
 * hold them. */
static const volatile uint64_t inverted[] = {~UINT64_C(0x40449123456789ab), ~UINT64_C(0x1122334455667788),
                                             ~UINT64_C(0x99aabbccddeeff01)};

static bool holds_constant(const void *at, size_t size) {
  for (size_t i = 0; i < sizeof inverted / sizeof *inverted; i++) {
    uint64_t constant = ~inverted[i];
    if (memmem(at, size, &constant, sizeof constant)) return true;
  }
  return false;
}

/* How many lines of /proc/self/maps are executable; none may be writable, too, or hold a constant. */
static int executable_mappings(void) {
  char line[512];
  int n = 0;
  FILE *f = fopen("/proc/self/maps", "r");
  ck_assert_ptr_nonnull(f);
  while (fgets(line, sizeof line, f)) {
    const char *access = strchr(line, ' ');
    ck_assert_ptr_nonnull(access);
    ck_assert_msg(access[2] != 'w' || access[3] != 'x', "%s", line);
    n += access[3] == 'x';
    if (access[1] != 'r' || access[3] != 'x' || strstr(line, "[v")) continue; /* the kernel's own */
    unsigned long begin, end;
    ck_assert_int_eq(sscanf(line, "%lx-%lx", &begin, &end), 2);
    ck_assert_msg(!holds_constant((const void *)begin, end - begin), "a constant in %s", line);
  }
  fclose(f);
  return n;
}

static const char head[] =
    "(module (type $f (func (param i32) (result i32))) (type $k (cont $f)) (tag $t (param i32) (result i32))"
    " (type $array (array (mut i64))) (memory 1 4) (table funcref (elem $body)) (elem declare func $body)"
    " (func $body (type $f) (suspend $t (local.get 0)))"
    " (func (export \"numbers\") (result i32) (i32.trunc_f64_s (f64.add (f64.const 40.25) (f64.const 1.75))))"
    " (func (export \"constants\") (result i32) (i32.add"
    "  (i32.trunc_f64_s (f64.add (f64.load (i32.const 0)) (f64.const 0x1.49123456789abp+5)))"
    "  (v128.any_true (v128.xor (v128.load (i32.const 0)) (v128.const i64x2 0x1122334455667788 "
    "0x99aabbccddeeff01)))))"
    " (func (export \"trap\") (result i32) (i32.load (i32.const 1000000)))"
    " (func (export \"grow\") (result i32) (memory.grow (i32.const 1)))"
    " (func (export \"objects\") (result i32) (local $i i32)"
    "  (loop $l (drop (array.new_default $array (i32.const 1000)))"
    "   (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000)))) "
    "(i32.const 42))"
    " (func (export \"stacks\") (result i32)"
    "  (block $h (result i32 (ref $k)) (resume $k (on $t $h) (i32.const 42) (cont.new $k (ref.func $body))) "
    "(unreachable))"
    "  (drop))";

static char text[64 << 10];
static char home[] = "/tmp/heddle-pages-XXXXXX";

static heddle_engine_t *new_engine(const char *lazy, const char *cache) {
  heddle_engine_t *engine;
  heddle_config_t *config = heddle_config_new();
  ck_assert_ptr_null(heddle_config_set(config, "lazy", lazy));
  ck_assert_ptr_null(heddle_config_set(config, "lazy-from", "0"));
  ck_assert_ptr_null(heddle_config_set(config, "cache", cache));
  ck_assert_ptr_null(heddle_config_set(config, "interruption", "y"));
  ck_assert_ptr_null(heddle_config_set(config, "stack-switching", "y"));
  ck_assert_ptr_null(heddle_engine_new(config, &engine));
  heddle_config_delete(config);
  return engine;
}

static void run_all(heddle_engine_t *engine, heddle_module_t *module) {
  static const struct {
    const char *name;
    int32_t result;
    heddle_trap_t trap;
  } calls[] = {{"numbers", 42, HEDDLE_TRAP_NONE},
               {"constants", 42, HEDDLE_TRAP_NONE},
               {"trap", 0, HEDDLE_TRAP_MEMORY_OUT_OF_BOUNDS},
               {"grow", 1, HEDDLE_TRAP_NONE},
               {"objects", 42, HEDDLE_TRAP_NONE},
               {"stacks", 42, HEDDLE_TRAP_NONE}};
  heddle_store_t *store;
  heddle_instance_t instance;
  heddle_linker_t *linker = heddle_linker_new(engine);
  ck_assert_ptr_null(heddle_store_new(engine, NULL, &store));
  ck_assert_ptr_null(heddle_instantiate(linker, store, module, &instance));
  int before = executable_mappings();
  ck_assert_int_gt(before, 0);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    heddle_extern_t f;
    heddle_val_t result = {0};
    heddle_trap_t trap = HEDDLE_TRAP_NONE;
    ck_assert(
        heddle_instance_export(store, instance, (heddle_str_t){calls[i].name, strlen(calls[i].name)}, &f));
    heddle_error_t *error = heddle_call(store, f.of.func, NULL, 0, &result, 1);
    if (error) heddle_error_trap(error, &trap);
    heddle_error_delete(error);
    ck_assert_int_eq(trap, calls[i].trap);
    ck_assert_int_eq(result.of.i32, calls[i].result);
    (void)executable_mappings();
  }
  heddle_store_delete(store);
  heddle_linker_delete(linker);
}

static void with_module(heddle_engine_t *engine, heddle_bytes_t wasm) {
  heddle_module_t *module;
  ck_assert_ptr_null(heddle_module_new(engine, wasm.data, wasm.len, &module));
  run_all(engine, module);
  heddle_module_delete(module);
  (void)executable_mappings();
}

START_TEST(the_look_sees) {
  void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  (void)executable_mappings();
  ck_assert_ptr_ne(both, MAP_FAILED);
}
END_TEST

START_TEST(the_look_finds_constants) {
  uint64_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(page, MAP_FAILED);
  page[9] = ~inverted[2];
  (void)executable_mappings();
  if (mprotect(page, 4096, PROT_READ | PROT_EXEC)) return;
  (void)executable_mappings();
}
END_TEST

START_TEST(the_filter_ends) {
  if (!forbid_both()) raise(SIGSYS); /* a system without filters: the next test does without, too */
  (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
END_TEST

START_TEST(never_both) {
  int n = snprintf(text, sizeof text, "%s", head);
  for (int i = 0; i < 40; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "(func (export \"f%d\") (result f64) (f64.const %d.5))",
                  i, i);
  snprintf(text + n, sizeof text - (size_t)n, "(data (i32.const 0) \"%20000s\"))", "");
  ck_assert_ptr_nonnull(mkdtemp(home));
  setenv("XDG_CACHE_HOME", home, 1);
  if (!forbid_both()) printf("no filter here: %s\n", strerror(errno));
  int before = executable_mappings();
  for (int lazy = 0; lazy < 2; lazy++) {
    heddle_bytes_t wasm, code;
    heddle_module_t *module;
    heddle_engine_t *engine = new_engine(lazy ? "y" : "n", "y");
    ck_assert_ptr_null(heddle_wat_to_wasm(engine, text, strlen(text), &wasm));
    for (int round = 0; round < 3; round++) /* the second and the third come from the cache */
      with_module(engine, wasm);
    uint64_t nfiles, size;
    heddle_cache_status(&nfiles, &size);
    ck_assert_uint_eq(nfiles, 1);
    ck_assert_ptr_null(heddle_module_new(engine, wasm.data, wasm.len, &module));
    pid_t child = FORK_WORKS ? fork() : -1;
    if (child == 0) {
      run_all(engine, module);
      _exit(0);
    }
    int status = 0;
    if (FORK_WORKS) ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    run_all(engine, module);
    ck_assert_ptr_null(heddle_module_serialize(module, &code));
    heddle_module_delete(module);
    char path[64];
    snprintf(path, sizeof path, "%s/code", home);
    FILE *f = fopen(path, "wb");
    ck_assert(f && fwrite(code.data, 1, code.len, f) == code.len && !fclose(f));
    ck_assert_ptr_null(heddle_module_deserialize_file(engine, path, &module));
    run_all(engine, module);
    heddle_module_delete(module);
    unlink(path);
    heddle_bytes_delete(&code);
    heddle_bytes_delete(&wasm);
    heddle_engine_delete(engine);
    heddle_cache_clean();
  }
  ck_assert_int_eq(executable_mappings(), before); /* no code outlives its modules */
  snprintf(text, sizeof text, "%s/heddle", home);
  rmdir(text);
  rmdir(home);
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("pages");
  tcase_add_checked_fixture(tc, unit_handlers_reset, NULL);
  tcase_add_test_raise_signal(tc, the_filter_ends, SIGSYS);
  tcase_add_exit_test(tc, the_look_sees, 1);
  tcase_add_exit_test(tc, the_look_finds_constants, 1);
  tcase_add_test(tc, never_both);
  tcase_set_timeout(tc, 60);
  Suite *suite = suite_create("api/pages");
  suite_add_tcase(suite, tc);
  return unit_run_suite(suite);
}
