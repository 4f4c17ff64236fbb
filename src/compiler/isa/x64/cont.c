/* Leaving a stack for another: jumps to the stubs of switch.S, whose head says what stands where.
 *
 * In: calls to other stacks after allocation; values are where they belong.  Out: their bytes; where the
 * stack goes on, a site like a return address; for a resume its handlers, static data behind the code: switch
 * clauses downward, label clauses upward from the struct, a zero at both ends.  Must not: keep anything in a
 * register. */
#include "compiler/isa/x64/cont.h"

#include "abi/trap.h"
#include "abi/vmctx.h"
#include "compiler/isa/x64/call.h"

#include <string.h>

/* lea r, [rip + ...] */
static void lea_rip(struct x64_asm *a, mreg r, enum x64_fixup_kind kind, uint32_t target) {
  x64_byte(a, r >= R8 ? 0x4c : 0x48);
  x64_byte(a, 0x8d);
  x64_byte(a, (uint8_t)((r & 7) << 3 | 5));
  x64_fixup32(a, kind, target, 0);
}

static void set(struct x64_asm *a, mreg r, uint32_t value) { x64_mov_imm(a, r, 4, value, false); }

/* `in` has set what its stub asks for, but for r13. Leaves by the register `by`. */
static void leave(struct x64_asm *a, const struct mach_insn *in, enum builtin stub, mreg by) {
  uint32_t back = x64_label(a);
  lea_rip(a, R13, FIXUP_LABEL, back);
  x64_rm(a, X64_MOV_RM, 8, by, R15, offsetof(struct vmctx, builtins));
  x64_opcode_mem(a, 0xff, 4, by, 8 * (int32_t)stub);
  x64_place(a, back);
  x64_add_call_site(a, in);
}

static void resume(struct x64_asm *a, const struct mach_insn *in, uint32_t block, enum builtin stub) {
  VEC_PUSH(a->arena, &a->resumes, ((struct x64_handlers){.call = (uint32_t)in->imm, .block = block}));
  if (stub == BUILTIN_RESUME_TRAP_STUB) set(a, RAX, TRAP_EXCEPTION);
  lea_rip(a, R12, FIXUP_HANDLERS, a->resumes.len - 1);
  leave(a, in, stub, R11);
}

void x64_leave_stack(struct x64_asm *a, const struct mach_insn *in, uint32_t block) {
  const struct mach_call *c = &a->f->calls.at[in->imm];
  switch (in->op) {
  case X64_RESUME: resume(a, in, block, BUILTIN_RESUME_STUB); break;
  case X64_RESUME_THROW: resume(a, in, block, BUILTIN_RESUME_TRAP_STUB); break;
  case X64_SUSPEND:
    set(a, R12, c->args_size);
    leave(a, in, BUILTIN_SUSPEND_STUB, R11);
    break;
  case X64_SWITCH_TO:
    if (c->args_size) set(a, R14, c->args_size);
    leave(a, in, c->args_size ? BUILTIN_SWITCH_ARGS_STUB : BUILTIN_SWITCH_STUB, c->args_size ? R11 : R14);
    break;
  default: assert(in->op == X64_LANDED);
  }
  if (a->f->ir->module->nmems) x64_rm(a, X64_MOV_RM, 8, R14, R15, offsetof(struct vmctx, memory0));
}

/* ---- handlers ---- */

static const uint32_t *clauses_of(const struct mach_func *f, const struct x64_handlers *h, uint32_t *n) {
  const uint32_t *at = &f->clauses.at[f->calls.at[h->call].target];
  *n = at[0];
  return at + 1;
}

uint32_t x64_handlers_size(const struct mach_func *f, const struct x64_handlers *h) {
  uint32_t n;
  clauses_of(f, h, &n);
  return (n + 2) * (uint32_t)sizeof(struct stack_clause) + (uint32_t)sizeof(struct stack_handlers);
}

uint32_t x64_handlers_off(const struct mach_func *f, const struct x64_handlers *h) {
  uint32_t n, nswitch = 0;
  const uint32_t *clause = clauses_of(f, h, &n);
  for (uint32_t i = 0; i < n; i++)
    nswitch += clause[i] & 1;
  return (nswitch + 1) * (uint32_t)sizeof(struct stack_clause);
}

void x64_put_handlers(const struct mach_func *f, const struct x64_handlers *h, const uint32_t *landings,
                      uint8_t *out) {
  uint32_t n, up = sizeof(struct stack_handlers), down = 0;
  const uint32_t *clause = clauses_of(f, h, &n);
  memset(out, 0, x64_handlers_size(f, h));
  uint8_t *base = out + x64_handlers_off(f, h);
  struct stack_handlers head = {.args_size = f->calls.at[h->call].args_size};
  memcpy(base, &head, sizeof head);
  for (uint32_t i = 0; i < n; i++) {
    struct stack_clause c = {.tag = clause[i] & ~UINT32_C(1)};
    if (clause[i] & 1) {
      down += sizeof c;
      memcpy(base - down, &c, sizeof c);
    } else {
      c.landing = (int32_t)(*landings++ - up);
      memcpy(base + up, &c, sizeof c);
      up += sizeof c;
    }
  }
}
