/* Runtime functions that compiled code calls: one for each row of abi/builtin.def.
 *
 * In: the instance and values as compiled code has them; indices are right (the module is valid), values are
 * not trusted.  Out: a value, or a trap code as status; the stub does the rest. Must not: jump, or keep an
 * address inside a guest stack. */
#include "abi/arch.h"
#include "abi/trap.h"
#include "gc/gc.h"
#include "runtime/cont.h"
#include "runtime/instance.h"
#include "runtime/object.h"
#include "runtime/shared.h"

#include <string.h>

static struct vm_result done(uint64_t value) { return (struct vm_result){value, TRAP_NONE}; }
static struct vm_result trap(enum trap_code code) { return (struct vm_result){0, code}; }
static struct vm_result done_unless(bool ok, enum trap_code code) { return ok ? done(0) : trap(code); }

static struct meminst *mem_at(struct vmctx *ctx, uint64_t index) {
  return instance_memory(instance_of(ctx), (uint32_t)index);
}
static struct tableinst *table_at(struct vmctx *ctx, uint64_t index) {
  return instance_table(instance_of(ctx), (uint32_t)index);
}

/* A bulk operation costs one unit of fuel a cache line that it may touch, before it does anything. Without
 * metering fuel begins so high that this never ends it. */
static bool charge(struct vmctx *ctx, uint64_t len, uint64_t item_size) {
  ctx->store->fuel -= (int64_t)(min_u64(len, UINT64_C(1) << 40) * item_size / 64);
  return ctx->store->fuel >= 0;
}

/* A reference as it comes in a register. */
static union vm_value ref_value(const struct tableinst *t, uint64_t bits) {
  union vm_value v;
  memset(&v, 0, sizeof v);
  if (t->is_func)
    v.func = (struct vm_func *)bits;
  else
    v.ref = (uint32_t)bits;
  return v;
}

static struct vm_result builtin_memory_grow(struct vmctx *ctx, uint64_t memory, uint64_t pages) {
  return done(memory_grow(mem_at(ctx, memory), pages));
}

static struct vm_result builtin_memory_size(struct vmctx *ctx, uint64_t memory) {
  return done(memory_pages(mem_at(ctx, memory)));
}

static struct vm_result builtin_memory_fill(struct vmctx *ctx, uint64_t memory, uint64_t dst, uint64_t byte,
                                            uint64_t len) {
  if (!charge(ctx, len, 1)) return trap(TRAP_OUT_OF_FUEL);
  return done_unless(memory_fill(mem_at(ctx, memory), dst, (uint8_t)byte, len), TRAP_MEMORY_OUT_OF_BOUNDS);
}

static struct vm_result builtin_memory_copy(struct vmctx *ctx, uint64_t dst_memory, uint64_t src_memory,
                                            uint64_t dst, uint64_t src, uint64_t len) {
  if (!charge(ctx, len, 1)) return trap(TRAP_OUT_OF_FUEL);
  return done_unless(memory_copy(mem_at(ctx, dst_memory), mem_at(ctx, src_memory), dst, src, len),
                     TRAP_MEMORY_OUT_OF_BOUNDS);
}

static struct vm_result builtin_memory_init(struct vmctx *ctx, uint64_t memory, uint64_t data, uint64_t dst,
                                            uint64_t src, uint64_t len) {
  if (!charge(ctx, len, 1)) return trap(TRAP_OUT_OF_FUEL);
  return trap(instance_memory_init(instance_of(ctx), (uint32_t)memory, (uint32_t)data, dst, src, len));
}

static struct vm_result builtin_data_drop(struct vmctx *ctx, uint64_t data) {
  instance_of(ctx)->data_dropped[data] = 1;
  return done(0);
}

/* address + offset, `width` bytes there, aligned. */
static enum trap_code atomic_address(const struct meminst *m, uint64_t *address, uint64_t offset,
                                     uint32_t width) {
  uint64_t size = memory_size(m);
  if ((*address + offset) & (width - 1)) return TRAP_UNALIGNED_ATOMIC;
  if (!add_u64(*address, offset, address) || size < width || *address > size - width)
    return TRAP_MEMORY_OUT_OF_BOUNDS;
  return TRAP_NONE;
}

static struct vm_result builtin_atomic_notify(struct vmctx *ctx, uint64_t memory, uint64_t address,
                                              uint64_t offset, uint64_t count) {
  struct meminst *m = mem_at(ctx, memory);
  enum trap_code code = atomic_address(m, &address, offset, 4);
  if (code) return trap(code);
  return done(m->shared ? shared_memory_notify(m->shared, address, (uint32_t)count) : 0);
}

static struct vm_result atomic_wait(struct vmctx *ctx, uint64_t memory, uint64_t address, uint64_t offset,
                                    uint32_t width, uint64_t expected, uint64_t timeout) {
  struct meminst *m = mem_at(ctx, memory);
  enum trap_code code = atomic_address(m, &address, offset, width);
  if (code) return trap(code);
  if (!m->shared) return trap(TRAP_EXPECTED_SHARED_MEMORY);
  enum wait_result result;
  code = shared_memory_wait(store_of(ctx), m->shared, address, width, expected, (int64_t)timeout, &result);
  return code ? trap(code) : done(result);
}

static struct vm_result builtin_atomic_wait32(struct vmctx *ctx, uint64_t memory, uint64_t address,
                                              uint64_t offset, uint64_t expected, uint64_t timeout) {
  return atomic_wait(ctx, memory, address, offset, 4, expected, timeout);
}

static struct vm_result builtin_atomic_wait64(struct vmctx *ctx, uint64_t memory, uint64_t address,
                                              uint64_t offset, uint64_t expected, uint64_t timeout) {
  return atomic_wait(ctx, memory, address, offset, 8, expected, timeout);
}

static struct vm_result builtin_table_get(struct vmctx *ctx, uint64_t table, uint64_t index) {
  union vm_value v;
  const struct tableinst *t = table_at(ctx, table);
  if (!table_get(t, index, &v)) return trap(TRAP_TABLE_OUT_OF_BOUNDS);
  return done(v.i64); /* zero behind a 32-bit reference */
}

static struct vm_result builtin_table_set(struct vmctx *ctx, uint64_t table, uint64_t index, uint64_t value) {
  struct tableinst *t = table_at(ctx, table);
  return done_unless(table_set(t, index, ref_value(t, value)), TRAP_TABLE_OUT_OF_BOUNDS);
}

static struct vm_result builtin_table_grow(struct vmctx *ctx, uint64_t table, uint64_t delta, uint64_t init) {
  struct tableinst *t = table_at(ctx, table);
  return done(table_grow(t, delta, ref_value(t, init)));
}

static struct vm_result builtin_table_fill(struct vmctx *ctx, uint64_t table, uint64_t dst, uint64_t value,
                                           uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  struct tableinst *t = table_at(ctx, table);
  return done_unless(table_fill(t, dst, ref_value(t, value), len), TRAP_TABLE_OUT_OF_BOUNDS);
}

static struct vm_result builtin_table_copy(struct vmctx *ctx, uint64_t dst_table, uint64_t src_table,
                                           uint64_t dst, uint64_t src, uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  return done_unless(table_copy(table_at(ctx, dst_table), table_at(ctx, src_table), dst, src, len),
                     TRAP_TABLE_OUT_OF_BOUNDS);
}

static struct vm_result builtin_table_init(struct vmctx *ctx, uint64_t table, uint64_t elem, uint64_t dst,
                                           uint64_t src, uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  return trap(instance_table_init(instance_of(ctx), (uint32_t)table, (uint32_t)elem, dst, src, len));
}

static struct vm_result builtin_elem_drop(struct vmctx *ctx, uint64_t elem) {
  instance_of(ctx)->elem_dropped[elem] = 1;
  return done(0);
}

static struct vm_result builtin_ref_func(struct vmctx *ctx, uint64_t index) {
  struct instance *in = instance_of(ctx);
  struct vm_func *f = &instance_func(in, (uint32_t)index)->vm;
  ((struct vm_func **)((uint8_t *)ctx + in->layout.funcs))[index] = f;
  return done((uint64_t)f);
}

static struct vm_result builtin_call_check(struct vmctx *ctx, uint64_t func, uint64_t type) {
  const struct vm_func *f = (const struct vm_func *)func;
  const struct instance *in = instance_of(ctx);
  if (!f) return trap(TRAP_UNINITIALIZED_ELEMENT);
  bool ok = canon_is_subtype(in->store->canon, f->type, in->module->canon_ids[type]);
  return done_unless(ok, TRAP_INDIRECT_CALL_TYPE_MISMATCH);
}

/* `i`, or 0 unless it is below `len`: by arithmetic, so that no speculation gets past it. */
static uint64_t mask_index(uint64_t i, uint64_t len) {
  __asm__("" : "+r"(i)); /* whatever the compiler knows */
  return i & -(((i - len) & ~i) >> 63);
}

/* The checks of call_indirect where compiled code does not make them itself. */
static struct vm_result builtin_call_target(struct vmctx *ctx, uint64_t table, uint64_t index,
                                            uint64_t type) {
  union vm_value v;
  const struct tableinst *t = table_at(ctx, table);
  if (index >= t->vm.len) return trap(TRAP_UNDEFINED_ELEMENT);
  if (!table_get(t, mask_index(index, t->vm.len), &v)) return trap(TRAP_UNDEFINED_ELEMENT);
  struct vm_result r = builtin_call_check(ctx, (uint64_t)v.i64, type);
  return r.status ? r : done(v.i64);
}

/* ---- objects ---- */

static struct vm_result allocated(uint32_t ref) { return ref ? done(ref) : trap(TRAP_OUT_OF_MEMORY); }

static uint32_t head_at(const struct vmctx *ctx, uint64_t type) {
  const struct instance *in = instance_of(ctx);
  return ((const uint32_t *)(const void *)((const uint8_t *)ctx + in->layout.heads))[type];
}

static struct vm_result builtin_alloc(struct vmctx *ctx, uint64_t type) {
  return allocated(gc_alloc(store_of(ctx)->heap, head_at(ctx, type), 0));
}

static struct vm_result builtin_alloc_array(struct vmctx *ctx, uint64_t type, uint64_t len) {
  return allocated(gc_alloc(store_of(ctx)->heap, head_at(ctx, type), (uint32_t)len));
}

/* The segment is judged before anything is allocated. */
static struct vm_result builtin_array_new_data(struct vmctx *ctx, uint64_t type, uint64_t data, uint64_t off,
                                               uint64_t len) {
  struct instance *in = instance_of(ctx);
  uint32_t log2 = object_type(ctx->heap, head_at(ctx, type))->elem_log2;
  uint64_t have = in->data_dropped[data] ? 0 : in->module->datas[data].bytes.len;
  if (off > have || len << log2 > have - off) return trap(TRAP_MEMORY_OUT_OF_BOUNDS);
  struct vm_result array = builtin_alloc_array(ctx, type, len);
  if (array.status) return array;
  array.status = array_init_data(in, (uint32_t)data, (uint32_t)array.value, 0, (uint32_t)off, (uint32_t)len);
  return array;
}

static struct vm_result builtin_array_new_elem(struct vmctx *ctx, uint64_t type, uint64_t elem, uint64_t off,
                                               uint64_t len) {
  struct instance *in = instance_of(ctx);
  uint64_t have = in->elem_dropped[elem] ? 0 : in->module->elems[elem].len;
  if (off + len > have) return trap(TRAP_TABLE_OUT_OF_BOUNDS);
  struct vm_result array = builtin_alloc_array(ctx, type, len);
  if (array.status) return array;
  array.status = array_init_elem(in, (uint32_t)elem, (uint32_t)array.value, 0, (uint32_t)off, (uint32_t)len);
  return array;
}

static struct vm_result builtin_array_fill(struct vmctx *ctx, uint64_t array, uint64_t index, uint64_t low,
                                           uint64_t high, uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  return trap(
      array_fill(store_of(ctx), (uint32_t)array, (uint32_t)index, (uint64_t[2]){low, high}, (uint32_t)len));
}

static struct vm_result builtin_array_copy(struct vmctx *ctx, uint64_t dst, uint64_t dst_index, uint64_t src,
                                           uint64_t src_index, uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  return trap(array_copy(store_of(ctx), (uint32_t)dst, (uint32_t)dst_index, (uint32_t)src,
                         (uint32_t)src_index, (uint32_t)len));
}

static struct vm_result builtin_array_init_data(struct vmctx *ctx, uint64_t data, uint64_t array,
                                                uint64_t index, uint64_t off, uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  return trap(array_init_data(instance_of(ctx), (uint32_t)data, (uint32_t)array, (uint32_t)index,
                              (uint32_t)off, (uint32_t)len));
}

static struct vm_result builtin_array_init_elem(struct vmctx *ctx, uint64_t elem, uint64_t array,
                                                uint64_t index, uint64_t off, uint64_t len) {
  if (!charge(ctx, len, 8)) return trap(TRAP_OUT_OF_FUEL);
  return trap(array_init_elem(instance_of(ctx), (uint32_t)elem, (uint32_t)array, (uint32_t)index,
                              (uint32_t)off, (uint32_t)len));
}

static uint32_t canon_at(const struct vmctx *ctx, uint64_t type) {
  return instance_of(ctx)->module->canon_ids[type];
}

static struct vm_result builtin_ref_test(struct vmctx *ctx, uint64_t ref, uint64_t type) {
  return done(object_matches(store_of(ctx), (uint32_t)ref, canon_at(ctx, type)));
}

static struct vm_result builtin_func_test(struct vmctx *ctx, uint64_t func, uint64_t type) {
  const struct vm_func *f = (const struct vm_func *)func;
  return done(canon_is_subtype(store_of(ctx)->canon, f->type, canon_at(ctx, type)));
}

static struct vm_result builtin_alloc_exn(struct vmctx *ctx, uint64_t tag) {
  return allocated(exn_new(store_of(ctx), &instance_tag(instance_of(ctx), (uint32_t)tag)->vm));
}

static struct vm_result builtin_throw_ref(struct vmctx *ctx, uint64_t exn) {
  ctx->store->exn = (uint32_t)exn;
  return trap((enum trap_code)TRAP_EXCEPTION);
}

/* ---- continuations ---- */

static struct vm_result builtin_cont_new(struct vmctx *ctx, uint64_t func) {
  uint32_t cell = 0;
  enum trap_code code = cont_cell_new(store_of(ctx), (const struct vm_func *)func, &cell);
  return (struct vm_result){cell, code};
}

static struct vm_result builtin_cont_cell(struct vmctx *ctx) {
  return allocated(gc_alloc(store_of(ctx)->heap, OBJECT_TYPE_CONT, 0));
}

static struct vm_result builtin_cont_bind(struct vmctx *ctx, uint64_t cell, uint64_t type, uint64_t n) {
  struct store *s = store_of(ctx);
  const struct functype *t = &canon_type(s->canon, canon_at(ctx, type))->func;
  union vm_value *values;
  enum trap_code code = cont_cell_bind(s, (uint32_t)cell, t->params, t->nparams, (uint32_t)n, &values);
  return (struct vm_result){(uint64_t)values, code};
}

static struct vm_result builtin_fuel(struct vmctx *ctx) {
  (void)ctx;
  return trap(TRAP_OUT_OF_FUEL);
}

static struct vm_result builtin_stack_grow(struct vmctx *ctx) {
  (void)ctx;
  return trap(TRAP_STACK_EXHAUSTED);
}

typedef void (*any_function)(void);
any_function const builtin_functions[BUILTIN_COUNT] = {
    [BUILTIN_MEMORY_GROW] = (any_function)builtin_memory_grow,
    [BUILTIN_MEMORY_SIZE] = (any_function)builtin_memory_size,
    [BUILTIN_MEMORY_FILL] = (any_function)builtin_memory_fill,
    [BUILTIN_MEMORY_COPY] = (any_function)builtin_memory_copy,
    [BUILTIN_MEMORY_INIT] = (any_function)builtin_memory_init,
    [BUILTIN_DATA_DROP] = (any_function)builtin_data_drop,
    [BUILTIN_TABLE_GET] = (any_function)builtin_table_get,
    [BUILTIN_TABLE_SET] = (any_function)builtin_table_set,
    [BUILTIN_TABLE_GROW] = (any_function)builtin_table_grow,
    [BUILTIN_TABLE_FILL] = (any_function)builtin_table_fill,
    [BUILTIN_TABLE_COPY] = (any_function)builtin_table_copy,
    [BUILTIN_TABLE_INIT] = (any_function)builtin_table_init,
    [BUILTIN_ELEM_DROP] = (any_function)builtin_elem_drop,
    [BUILTIN_REF_FUNC] = (any_function)builtin_ref_func,
    [BUILTIN_CALL_CHECK] = (any_function)builtin_call_check,
    [BUILTIN_CALL_TARGET] = (any_function)builtin_call_target,
    [BUILTIN_ALLOC] = (any_function)builtin_alloc,
    [BUILTIN_ALLOC_ARRAY] = (any_function)builtin_alloc_array,
    [BUILTIN_ARRAY_NEW_DATA] = (any_function)builtin_array_new_data,
    [BUILTIN_ARRAY_NEW_ELEM] = (any_function)builtin_array_new_elem,
    [BUILTIN_ARRAY_FILL] = (any_function)builtin_array_fill,
    [BUILTIN_ARRAY_COPY] = (any_function)builtin_array_copy,
    [BUILTIN_ARRAY_INIT_DATA] = (any_function)builtin_array_init_data,
    [BUILTIN_ARRAY_INIT_ELEM] = (any_function)builtin_array_init_elem,
    [BUILTIN_REF_TEST] = (any_function)builtin_ref_test,
    [BUILTIN_FUNC_TEST] = (any_function)builtin_func_test,
    [BUILTIN_ALLOC_EXN] = (any_function)builtin_alloc_exn,
    [BUILTIN_THROW_REF] = (any_function)builtin_throw_ref,
    [BUILTIN_ATOMIC_NOTIFY] = (any_function)builtin_atomic_notify,
    [BUILTIN_ATOMIC_WAIT32] = (any_function)builtin_atomic_wait32,
    [BUILTIN_ATOMIC_WAIT64] = (any_function)builtin_atomic_wait64,
    [BUILTIN_CONT_NEW] = (any_function)builtin_cont_new,
    [BUILTIN_CONT_CELL] = (any_function)builtin_cont_cell,
    [BUILTIN_CONT_BIND] = (any_function)builtin_cont_bind,
    [BUILTIN_FUEL] = (any_function)builtin_fuel,
    [BUILTIN_STACK_GROW] = (any_function)builtin_stack_grow,
};
