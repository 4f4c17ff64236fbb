/* All of WASI as a module: it imports every function of src/wasi/syscall.def and exports a wrapper of the
 * same name, and a memory. Letters of `params` are syscall.def's. */
#ifndef TESTS_SUPPORT_WASI_MODULE_H
#define TESTS_SUPPORT_WASI_MODULE_H

#include "base/buf.h"

#include <string.h>

enum { WASI_MEMORY_SIZE = 2 * 65536 };

static const struct wasi_function {
  const char *name, *params;
} wasi_functions[] = {
#define SYSCALL(name, params) {#name, params},
#include "wasi/syscall.def"
#undef SYSCALL
};

static inline void wasi_put_params(struct buf *b, const char *params) {
  if (*params) buf_cstr(b, " (param");
  for (const char *p = params; *p; p++)
    buf_cstr(b, *p == 'l' ? " i64" : *p == 's' ? " i32 i32" : " i32");
  if (*params) buf_cstr(b, ")");
}

/* Its text; `module` is the module of the imports. */
static inline void wasi_module_text(struct buf *b, const char *module) {
  buf_init(b);
  buf_cstr(b, "(module\n");
  for (size_t i = 0; i < COUNT_OF(wasi_functions); i++) {
    const struct wasi_function *f = &wasi_functions[i];
    buf_printf(b, "(import \"%s\" \"%s\" (func $%s", module, f->name, f->name);
    wasi_put_params(b, f->params);
    buf_cstr(b, strcmp(f->name, "proc_exit") ? " (result i32)))\n" : "))\n");
  }
  buf_cstr(b, "(memory (export \"memory\") 2 2)\n");
  for (size_t i = 0; i < COUNT_OF(wasi_functions); i++) {
    const struct wasi_function *f = &wasi_functions[i];
    int n = 0;
    buf_printf(b, "(func (export \"%s\")", f->name);
    wasi_put_params(b, f->params);
    buf_cstr(b, strcmp(f->name, "proc_exit") ? " (result i32)" : "");
    for (const char *p = f->params; *p; p++)
      for (int k = 0; k < (*p == 's' ? 2 : 1); k++)
        buf_printf(b, " (local.get %d)", n++);
    buf_printf(b, " (call $%s))\n", f->name);
  }
  buf_cstr(b, ")");
}

#endif
