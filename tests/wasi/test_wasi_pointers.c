/* Bad pointers in every function: FAULT, and nothing happens. */
#include "world.h"

#include <stdlib.h>

static const struct {
  const char *name, *params;
} functions[] = {
#define SYSCALL(name, params) {#name, params},
#include "wasi/syscall.def"
#undef SYSCALL
};

/* Arguments that are in range: descriptor 3, a directory; pointers into memory; lengths of 8. */
static size_t good_args(struct world *w, const char *params, int64_t *args, int *pointers,
                        size_t *npointers) {
  size_t n = 0;
  *npointers = 0;
  for (const char *p = params; *p; p++) {
    bool pointer = *p != 'i' && *p != 'l';
    if (pointer) pointers[(*npointers)++] = (int)n;
    if (*p == 's') {
      args[n++] = world_text(w, "x");
      args[n++] = 1;
    } else if (pointer) {
      args[n] = 4096 + (int64_t)n * 64;
      n++;
    } else {
      args[n] = p == params || p[-1] == 's' ? FD_IN : 8;
      n++;
    }
  }
  return n;
}

static void all_fault(const char *module) {
  static const uint32_t bad[] = {MEMORY_SIZE, UINT32_MAX, 0x80000000, UINT32_MAX - 63, MEMORY_SIZE - 1};
  struct world w;
  world_open(&w, &(struct world_options){.module = module});
  size_t checked = 0;
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
    int64_t args[16];
    int pointers[8];
    size_t npointers, n = good_args(&w, functions[f].params, args, pointers, &npointers);
    for (size_t p = 0; p < npointers; p++)
      for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        int64_t kept = args[pointers[p]];
        bool one_byte = args[pointers[p] + 1] == 1; /* a string of one byte fits at the last one */
        args[pointers[p]] = (int64_t)bad[b] - (b == 4 && one_byte ? -1 : 0);
        int e = world_call(&w, functions[f].name, args, n);
        ck_assert_msg(e == ERRNO_FAULT, "%s, parameter %d = %x: %d", functions[f].name, pointers[p], bad[b],
                      e);
        args[pointers[p]] = kept;
        checked++;
      }
  }
  ck_assert_uint_gt(checked, 200);
  ck_assert_uint_eq(sizeof functions / sizeof *functions, 46);
  for (int fd = FD_IN + 1; fd < 16; fd++) /* no call opened anything */
    FAILS(&w, BADF, "fd_close", fd);
  ck_assert(!host_exists(&w, "in/x"));
  world_close(&w);
}

START_TEST(every_function) { all_fault("wasi_snapshot_preview1"); }
END_TEST
START_TEST(every_function_of_preview0) { all_fault("wasi_unstable"); }
END_TEST

START_TEST(lengths_do_not_wrap) {
  struct world w;
  world_open(&w, NULL);
  host_write(&w, "in/f", "text");
  uint32_t fd = world_path_open(&w, FD_IN, "f", 0, RW);
  FAILS(&w, FAULT, "fd_read", fd, 8, 0x20000000, 0);    /* count * 8 = 2^32 */
  FAILS(&w, FAULT, "fd_read", fd, 0xfffffff8, 1, 0);    /* ends at 2^32 */
  FAILS(&w, FAULT, "poll_oneoff", 0, 0, 0x05555556, 0); /* count * 48 wraps */
  FAILS(&w, FAULT, "poll_oneoff", 0, 0, 0x08000000, 0); /* count * 32 = 2^32 */
  FAILS(&w, FAULT, "random_get", 1, UINT32_MAX);
  FAILS(&w, FAULT, "path_readlink", FD_IN, STR(&w, "f"), 16, UINT32_MAX - 8, 0);
  FAILS(&w, FAULT, "path_open", FD_IN, 0, 16, UINT32_MAX - 15, 0, 0, 0, 0, 0);
  world_iov(&w, 16, 0xfffffff0, 0x20);
  FAILS(&w, FAULT, "fd_read", fd, 16, 1, 0);
  /* A good buffer before a bad one: nothing is transferred. */
  world_iov(&w, 16, 64, 4);
  world_iov(&w, 24, MEMORY_SIZE - 3, 4);
  FAILS(&w, FAULT, "fd_write", fd, 16, 2, 0);
  FAILS(&w, FAULT, "fd_pwrite", fd, 16, 2, 0, 0);
  FAILS(&w, FAULT, "fd_pread", fd, 16, 2, 0, 0);
  FAILS(&w, FAULT, "sock_recv", fd, 16, 2, 0, 0, 8);
  FAILS(&w, FAULT, "sock_send", fd, 16, 2, 0, 0);
  ck_assert_str_eq(host_read(&w, "in/f"), "text");
  /* The very last bytes are fine. */
  world_iov(&w, 16, MEMORY_SIZE - 4, 4);
  OK(&w, "fd_read", fd, 16, 1, 0);
  ck_assert_mem_eq(w.memory + MEMORY_SIZE - 4, "text", 4);
  OK(&w, "args_sizes_get", MEMORY_SIZE - 4, MEMORY_SIZE - 8);
  OK(&w, "random_get", MEMORY_SIZE, 0);
  FAILS(&w, FAULT, "random_get", MEMORY_SIZE + 1, 0);
  world_close(&w);
}
END_TEST

START_TEST(many_buffers) {
  struct world w;
  world_open(&w, NULL);
  uint32_t fd = world_path_open(&w, FD_IN, "f", OFLAGS_CREAT, RW);
  for (uint32_t i = 0; i < 2000; i++)
    world_iov(&w, 4096 + i * 8, 100, 1);
  OK(&w, "fd_write", fd, 4096, 2000, 0); /* short, as it may be */
  ck_assert_uint_eq(get_u32(w.memory), 1024);
  OK(&w, "fd_write", fd, 4096, 0, 0);
  ck_assert_uint_eq(get_u32(w.memory), 0);
  for (uint32_t i = 0; i < 1024; i++) /* 64 GiB in all, over and over the same memory */
    world_iov(&w, 4096 + i * 8, 0, MEMORY_SIZE);
  OK(&w, "fd_read", fd, 4096, 1024, 0);
  ck_assert_uint_eq(get_u32(w.memory), 0);
  world_close(&w);
}
END_TEST

START_TEST(no_memory) {
  static const char text[] =
      "(module (import \"wasi_snapshot_preview1\" \"random_get\" (func $f (param i32 i32) (result i32)))"
      "(func (export \"run\") (result i32) (call $f (i32.const 0) (i32.const 0))))";
  struct world w;
  world_open(&w, NULL);
  heddle_bytes_t bytes;
  heddle_module_t *module;
  heddle_instance_t instance;
  heddle_extern_t run;
  heddle_val_t result;
  ck_assert(!heddle_wat_to_wasm(w.engine, text, strlen(text), &bytes));
  ck_assert(!heddle_module_new(w.engine, bytes.data, bytes.len, &module));
  ck_assert(!heddle_instantiate(w.linker, w.store, module, &instance));
  ck_assert(heddle_instance_export(w.store, instance, (heddle_str_t){"run", 3}, &run));
  ck_assert(!heddle_call(w.store, run.of.func, NULL, 0, &result, 1));
  ck_assert_int_eq(result.of.i32, ERRNO_FAULT);
  heddle_module_delete(module);
  heddle_bytes_delete(&bytes);
  world_close(&w);
}
END_TEST

/* Any numbers anywhere: every call returns. What could wait is left out. */
START_TEST(random_arguments) {
  static const uint32_t likely[] = {
      0, 1, 2, 3, 4, 5, 6, 8, 16, 64, 4096, 65536, MEMORY_SIZE, MEMORY_SIZE - 8, UINT32_MAX, 0x80000000};
  struct world w;
  world_open(&w, NULL);
  host_mkdir(&w, "in/d");
  host_write(&w, "in/f", "text");
  uint64_t seed = 88172645463325252;
  for (int i = 0; i < 30000; i++) {
    uint64_t r[16];
    for (int k = 0; k < 16; k++)
      r[k] = seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    const char *name = functions[r[0] % 46].name, *params = functions[r[0] % 46].params;
    if (!strcmp(name, "poll_oneoff") || !strcmp(name, "proc_exit")) continue;
    int64_t args[16];
    size_t n = 0;
    for (const char *p = params; *p; p++)
      for (int k = 0; k < (*p == 's' ? 2 : 1); k++, n++)
        args[n] = *p == 'l'
                      ? (int64_t)(r[n + 1] & 1 ? r[n + 1] & 0xffff : r[n + 1] | UINT64_C(1) << 60)
                      : (int64_t)(r[n + 1] & 15 ? likely[r[n + 1] >> 8 & 15] : (uint32_t)(r[n + 1] >> 8));
    if (*params == 'i' && r[15] & 1) args[0] = FD_IN + (int64_t)(r[15] >> 8 & 3);
    bool closes = !strcmp(name, "fd_close") || !strcmp(name, "fd_renumber");
    if (closes && (args[0] == FD_IN || args[n - 1] == FD_IN)) continue; /* or all that follows is BADF */
    strcpy((char *)w.memory + 4096, r[14] & 1 ? "f" : "d/../x");
    ck_assert_int_ge(world_call(&w, name, args, n), 0);
  }
  ck_assert_str_eq(host_read(&w, "out/secret"), "secret");
  world_close(&w);
}
END_TEST

int main(void) {
  return UNIT_RUN("wasi/pointers", every_function, every_function_of_preview0, lengths_do_not_wrap,
                  many_buffers, no_memory, random_arguments);
}
