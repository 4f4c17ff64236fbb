/* Leaving a stack for another, inline where nothing stands in memory for who goes on: publish, link, take the
 * other stack's registers, jump. What is rarer goes to the stubs of switch.S, whose head says what stands
 * where.
 *
 * In: calls to other stacks after allocation; values are where they belong.  Out: their bytes; where the
 * stack goes on, a site like a return address; for a resume its handlers, static data behind the code: switch
 * clauses downward, label clauses upward from the struct, a zero at both ends.  Must not: keep anything in a
 * register; change anything before it is sure that the stub is not needed. */
#include "compiler/isa/x64/cont.h"

#include "abi/trap.h"
#include "abi/vmctx.h"
#include "compiler/isa/x64/call.h"

#include <string.h>

enum {
  SP = offsetof(struct stack, sp),
  FP = offsetof(struct stack, fp),
  PC = offsetof(struct stack, pc),
  INST = offsetof(struct stack, inst),
  PARENT = offsetof(struct stack, parent),
  LAST = offsetof(struct stack, last),
  HANDLERS = offsetof(struct stack, handlers),
  NOTED = offsetof(struct stack, noted),
  OFF_STORE = offsetof(struct vmctx, store),
  OFF_BUILTINS = offsetof(struct vmctx, builtins),
  OFF_CUR = offsetof(struct vm_store, cur),
  CLAUSE_SIZE = sizeof(struct stack_clause),
  FIRST_LABEL = offsetof(struct stack_handlers, labels),
  FIRST_LANDING = FIRST_LABEL + offsetof(struct stack_clause, landing),
  FIRST_SWITCH = -CLAUSE_SIZE + (int)offsetof(struct stack_clause, tag)
};

/* lea r, [rip + ...] */
static void lea_rip(struct x64_asm *a, mreg r, enum x64_fixup_kind kind, uint32_t target) {
  x64_byte(a, r >= R8 ? 0x4c : 0x48);
  x64_byte(a, 0x8d);
  x64_byte(a, (uint8_t)((r & 7) << 3 | 5));
  x64_fixup32(a, kind, target, 0);
}

static void set(struct x64_asm *a, mreg r, uint32_t value) { x64_mov_imm(a, r, 4, value, false); }
static void load(struct x64_asm *a, mreg d, mreg base, int32_t disp) {
  x64_rm(a, X64_MOV_RM, 8, d, base, disp);
}
static void store(struct x64_asm *a, mreg s, mreg base, int32_t disp) {
  x64_rm(a, X64_MOV_MR, 8, s, base, disp);
}
/* Of `op` size [base + disp], imm. */
static void memory_imm(struct x64_asm *a, enum x64_op op, uint8_t size, mreg base, int32_t disp,
                       int32_t imm) {
  struct mach_insn in = {
      .op = (uint16_t)op, .size = size, .d = MREG_NONE, .s = MREG_NONE, .base = base, .idx = MREG_NONE};
  in.disp = disp;
  in.imm = imm;
  x64_encode(a, &in);
}

/* To the stub, which is all that is left of the sequence: `back` goes on behind it. */
static void jump_stub(struct x64_asm *a, uint32_t back, enum builtin stub, mreg by) {
  lea_rip(a, R13, FIXUP_LABEL, back);
  load(a, by, R15, OFF_BUILTINS);
  x64_opcode_mem(a, 0xff, 4, by, 8 * (int32_t)stub);
}

/* The running stack `s` will go on at `back`. Uses r13. */
static void publish(struct x64_asm *a, mreg s, uint32_t back) {
  lea_rip(a, R13, FIXUP_LABEL, back);
  store(a, RSP, s, SP);
  store(a, RBP, s, FP);
  store(a, R13, s, PC);
  store(a, R15, s, INST);
}

static void jump_r11(struct x64_asm *a) {
  x64_byte(a, 0x41);
  x64_byte(a, 0xff);
  x64_byte(a, 0xe3);
}

/* A part behind the code of `in`. */
static uint32_t cold(struct x64_asm *a, const struct mach_insn *in, enum x64_cold_kind kind, uint32_t back) {
  struct x64_cold c = {.kind = (uint8_t)kind, .in = x64_label(a), .back = back, .insn = x64_index(a, in)};
  VEC_PUSH(a->arena, &a->colds, c);
  return c.in;
}

/* On stack `s` from here on. */
static void take_back(struct x64_asm *a, mreg s) {
  load(a, RSP, s, SP);
  load(a, RBP, s, FP);
}

/* `child`, a chain whose last link is `last`, becomes the running one below `parent`; r11 is free. That r15
 * is right mostly is a guess of the branch predictor: it does not wait for the descriptor. */
static void enter_chain(struct x64_asm *a, const struct mach_insn *in, mreg child, mreg last, mreg parent) {
  store(a, parent, last, PARENT);
  memory_imm(a, X64_MOV_MI, 8, child, LAST, 0);
  load(a, R11, R15, OFF_STORE);
  store(a, child, R11, OFF_CUR);
  take_back(a, child);
  x64_rm(a, X64_CMP_RM, 8, R15, child, INST);
  x64_jcc_label(a, CC_NE, cold(a, in, COLD_OTHER_INSTANCE, NO_LABEL));
  x64_opcode_mem(a, 0xff, 4, child, PC);
}

static void resume(struct x64_asm *a, const struct mach_insn *in, uint32_t block, uint32_t back) {
  VEC_PUSH(a->arena, &a->resumes, ((struct x64_handlers){.call = (uint32_t)in->imm, .block = block}));
  uint32_t handlers = a->resumes.len - 1;
  if (in->op == X64_RESUME_THROW || a->f->calls.at[in->imm].args_size) {
    if (in->op == X64_RESUME_THROW) set(a, RAX, TRAP_EXCEPTION);
    lea_rip(a, R12, FIXUP_HANDLERS, handlers);
    jump_stub(a, back, in->op == X64_RESUME ? BUILTIN_RESUME_STUB : BUILTIN_RESUME_TRAP_STUB, R11);
    return;
  }
  load(a, R14, R15, OFF_STORE);
  load(a, R14, R14, OFF_CUR);
  publish(a, R14, back);
  lea_rip(a, R12, FIXUP_HANDLERS, handlers);
  store(a, R12, R14, HANDLERS);
  load(a, R12, RBX, LAST);
  enter_chain(a, in, RBX, R12, R14);
}

/* To the first clause of who has resumed. The end of a list is a clause of the instance's first word, which
 * is no tag's address. */
static void suspend(struct x64_asm *a, const struct mach_insn *in, uint32_t back) {
  uint32_t size = a->f->calls.at[in->imm].args_size;
  if (size) {
    set(a, R12, size);
    jump_stub(a, back, BUILTIN_SUSPEND_STUB, R11);
    return;
  }
  uint32_t stub = cold(a, in, COLD_SWITCH_STUB, back);
  publish(a, R9, back);
  load(a, R10, R9, PARENT);
  load(a, R11, R10, HANDLERS);
  load(a, R14, R10, INST);
  x64_rm(a, X64_MOV_RM, 4, R12, R11, FIRST_LABEL);
  struct mach_insn tag = {.op = X64_CMP_RM, .size = 8, .d = RBX, .s = MREG_NONE, .base = R14, .idx = R12};
  x64_encode(a, &tag);
  x64_jcc_label(a, CC_NE, stub);
  memory_imm(a, X64_CMP_MI, 1, R9, NOTED, 0);
  x64_jcc_label(a, CC_E, stub);
  x64_rm(a, X64_MOVSXD_RM, 8, R12, R11, FIRST_LANDING);
  struct mach_insn landing = {.op = X64_LEA, .size = 8, .d = R11, .s = MREG_NONE, .base = R11, .idx = R12};
  landing.disp = FIRST_LABEL;
  x64_encode(a, &landing);
  memory_imm(a, X64_MOV_MI, 8, R9, PARENT, 0);
  store(a, R9, R9, LAST);
  load(a, R13, R15, OFF_STORE);
  store(a, R10, R13, OFF_CUR);
  take_back(a, R10);
  x64_rr(a, X64_CMP_RR, 8, R15, R14);
  x64_jcc_label(a, CC_NE, cold(a, in, COLD_OTHER_INSTANCE, NO_LABEL));
  jump_r11(a);
}

/* The same with the first switch clause, and a target that is a chain of one stack: who is left soon reads
 * its parent, and would wait for the place of that write. */
static void switch_to(struct x64_asm *a, const struct mach_insn *in, uint32_t back) {
  uint32_t size = a->f->calls.at[in->imm].args_size;
  if (size) {
    set(a, R14, size);
    jump_stub(a, back, BUILTIN_SWITCH_ARGS_STUB, R11);
    return;
  }
  uint32_t stub = cold(a, in, COLD_SWITCH_STUB, back);
  publish(a, R11, back);
  load(a, R13, R11, PARENT);
  load(a, R14, R13, HANDLERS);
  x64_rm(a, X64_MOV_RM, 4, R14, R14, FIRST_SWITCH);
  x64_rm(a, X64_ADD_RM, 8, R14, R13, INST);
  x64_rm(a, X64_CMP_RM, 8, RBX, R14, 0);
  x64_jcc_label(a, CC_NE, stub);
  memory_imm(a, X64_CMP_MI, 1, R11, NOTED, 0);
  x64_jcc_label(a, CC_E, stub);
  load(a, R14, R12, 0);
  x64_rm(a, X64_CMP_RM, 8, R14, R14, LAST);
  x64_jcc_label(a, CC_NE, stub);
  memory_imm(a, X64_MOV_MI, 8, R12, 0, 0);
  memory_imm(a, X64_MOV_MI, 8, R11, PARENT, 0);
  store(a, R11, R11, LAST);
  enter_chain(a, in, R14, R14, R13);
}

/* Nothing has changed yet: what the stub asks for stands where it did. */
static void cold_stub(struct x64_asm *a, const struct mach_insn *in, uint32_t back) {
  bool suspends = in->op == X64_SUSPEND;
  if (suspends) set(a, R12, 0);
  jump_stub(a, back, suspends ? BUILTIN_SUSPEND_STUB : BUILTIN_SWITCH_STUB, suspends ? R11 : R14);
}

static void cold_instance(struct x64_asm *a, const struct mach_insn *in) {
  if (in->op == X64_SUSPEND) {
    x64_rr(a, (enum x64_op)MACH_MOVE, 8, R15, R14);
    jump_r11(a);
    return;
  }
  mreg child = in->op == X64_RESUME ? RBX : R14;
  load(a, R15, child, INST);
  x64_opcode_mem(a, 0xff, 4, child, PC);
}

void x64_cold_leave_stack(struct x64_asm *a, const struct x64_cold *c) {
  const struct mach_insn *in = &a->f->insns.at[c->insn];
  x64_place(a, c->in);
  if (c->kind == COLD_SWITCH_STUB)
    cold_stub(a, in, c->back);
  else
    cold_instance(a, in);
}

void x64_leave_stack(struct x64_asm *a, const struct mach_insn *in, uint32_t block) {
  if (in->op != X64_LANDED) {
    uint32_t back = x64_label(a);
    if (in->op == X64_SUSPEND)
      suspend(a, in, back);
    else if (in->op == X64_SWITCH_TO)
      switch_to(a, in, back);
    else
      resume(a, in, block, back);
    x64_place(a, back);
    x64_add_call_site(a, in);
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
