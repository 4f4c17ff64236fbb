/* Prologue, epilogue, calls and tail calls: the stack side of the convention of abi/call.h.
 *
 * In: call instructions after allocation (register arguments stand where they belong, stack arguments at [rsp
 * + off]). Out: their bytes, return addresses as sites, relocations.
 *
 * Stack around a call: the caller's outgoing area [rsp, rsp + args_size) is popped by the callee, so the
 * caller subtracts it again; the results area directly above stays. r15 and r14 belong to the running
 * function; who calls through a function reference gets its own back from [rbp - 8]. Must not: use r11 or
 * xmm13-15 except here, between allocation's instructions. */
#include "compiler/isa/x64/call.h"

#include "abi/vmctx.h"

/* Stack that a function without calls may use unchecked, below the limit of its stack: with the saved rbp, a
 * trap site's return address and the out-call stub's own push it stays within 128 bytes. */
enum { LEAF_FRAME_MAX = 96 };
/* Up to here a frame is made before it is compared: the limit lies that far above unmapped memory. */
enum { SMALL_FRAME_MAX = 1024 };

enum {
  OFF_STORE = offsetof(struct vmctx, store),
  OFF_MEMORY0 = offsetof(struct vmctx, memory0),
  OFF_BUILTINS = offsetof(struct vmctx, builtins)
};

bool x64_is_frameless(const struct mach_func *f, const struct frame *frame) {
  return !f->has_calls && !frame->size && !frame->nsaved && !f->args_size && !f->results_size &&
         !f->saves_instance;
}

static void push_pop(struct x64_asm *a, uint8_t opcode, mreg r) {
  assert(r < 8);
  x64_byte(a, opcode | (uint8_t)r);
}

static void load(struct x64_asm *a, mreg d, mreg base, int32_t disp) {
  x64_rm(a, X64_MOV_RM, 8, d, base, disp);
}

static void compare_stack(struct x64_asm *a, uint32_t in) {
  x64_rm(a, X64_CMP_RM, 8, RSP, R11, offsetof(struct stack, limit));
  x64_jcc_label(a, CC_B, in);
}

uint8_t x64_kept(const struct frame *frame) {
  static const uint8_t kept[VM_KEPT] = {RBX, R12, R13};
  uint8_t bits = 0;
  for (uint32_t i = 0; i < VM_KEPT; i++)
    for (uint32_t k = 0; k < frame->nsaved; k++)
      if (frame->saved[k] == kept[i]) bits |= (uint8_t)(1u << i);
  return bits;
}

void x64_prologue(struct x64_asm *a, bool frameless) {
  if (frameless) return;
  const struct mach_func *f = a->f;
  uint32_t size = a->frame->size;
  push_pop(a, 0x50, RBP);
  x64_rr(a, (enum x64_op)MACH_MOVE, 8, RBP, RSP);
  bool check = f->has_calls || size > LEAF_FRAME_MAX;
  if (size && (!check || size <= SMALL_FRAME_MAX)) x64_ri(a, X64_SUB_RI, 8, RSP, (int32_t)size);
  if (check) {
    struct x64_cold c = {.kind = COLD_STACK, .in = x64_label(a), .back = x64_label(a)};
    if (size > SMALL_FRAME_MAX) x64_place(a, c.back);
    load(a, R11, R15, OFF_STORE);
    load(a, R11, R11, offsetof(struct vm_store, cur));
    if (size <= SMALL_FRAME_MAX) {
      compare_stack(a, c.in);
    } else {
      /* limit + size cannot wrap: user addresses end at 2^47 */
      load(a, R11, R11, offsetof(struct stack, limit));
      x64_ri(a, X64_ADD_RI, 8, R11, (int32_t)size);
      x64_rr(a, X64_CMP_RR, 8, RSP, R11);
      x64_jcc_label(a, CC_B, c.in);
      x64_ri(a, X64_SUB_RI, 8, RSP, (int32_t)size);
    }
    if (size <= SMALL_FRAME_MAX) x64_place(a, c.back);
    VEC_PUSH(a->arena, &a->colds, c);
  }
  if (f->saves_instance) x64_rm(a, X64_MOV_MR, 8, R15, RBP, -8);
  for (uint32_t i = 0; i < a->frame->nsaved; i++)
    x64_rm(a, X64_MOV_MR, 8, a->frame->saved[i], RBP, -(int32_t)a->frame->saved_off[i]);
  for (uint32_t i = 0; f->clear_refs && i < f->nslots_ref; i++) {
    struct mach_insn clear = {
        .op = X64_MOV_MI, .size = 8, .d = MREG_NONE, .s = MREG_NONE, .base = RBP, .idx = MREG_NONE};
    clear.disp = frame_slot_off(f, a->frame, i);
    x64_encode(a, &clear);
  }
}

void x64_cold_stack(struct x64_asm *a, const struct x64_cold *c) {
  x64_place(a, c->in);
  x64_byte(a, 0x4c); /* lea r11, [rip + what follows] */
  x64_byte(a, 0x8d);
  x64_byte(a, 0x1d);
  uint32_t from = a->code.len + 4;
  x64_u32(a, 0);
  if (a->frame->size > SMALL_FRAME_MAX) /* bts r11, 63: ARCH_STACK_RETRY */
    for (uint32_t i = 0; i < 5; i++)
      x64_byte(a, (const uint8_t[]){0x49, 0x0f, 0xba, 0xeb, 63}[i]);
  x64_rr(a, X64_MOVD_XR, 8, XMM15, R11);
  load(a, R11, R15, OFF_BUILTINS);
  x64_opcode_mem(a, 0xff, 4, R11, 8 * BUILTIN_STACK_STUB);
  a->code.at[from - 4] = (uint8_t)(a->code.len - from);
  x64_add_site(a, 0, TRAP_STACK_EXHAUSTED, false);
  x64_jmp_label(a, c->back);
}

void x64_cold_trap(struct x64_asm *a, const struct x64_cold *c, uint32_t trap_stub) {
  x64_place(a, c->in);
  x64_call_label(a, trap_stub);
  x64_add_site(a, c->back, c->trap, false);
}

void x64_trap_stub(struct x64_asm *a) {
  load(a, R11, R15, OFF_BUILTINS);
  x64_opcode_mem(a, 0xff, 4, R11, 8 * BUILTIN_TRAP_STUB);
}

static void restore_saved(struct x64_asm *a) {
  for (uint32_t i = 0; i < a->frame->nsaved; i++)
    load(a, a->frame->saved[i], RBP, -(int32_t)a->frame->saved_off[i]);
}

static void leave(struct x64_asm *a, bool frameless) {
  if (frameless) return;
  restore_saved(a);
  if (a->frame->size) x64_ri(a, X64_ADD_RI, 8, RSP, (int32_t)a->frame->size);
  push_pop(a, 0x58, RBP);
}

void x64_return(struct x64_asm *a, bool frameless) {
  leave(a, frameless);
  if (a->f->args_size) {
    assert(a->f->args_size <= UINT16_MAX);
    x64_byte(a, 0xc2);
    x64_byte(a, (uint8_t)a->f->args_size);
    x64_byte(a, (uint8_t)(a->f->args_size >> 8));
  } else {
    x64_byte(a, 0xc3);
  }
}

static void call_rel32(struct x64_asm *a, uint8_t opcode, uint32_t target) {
  x64_byte(a, opcode);
  struct code_reloc r = {.off = a->code.len, .index = target, .kind = RELOC_CALL};
  VEC_PUSH(a->arena, &a->relocs, r);
  x64_u32(a, 0);
}

static void instance_of_r11(struct x64_asm *a) {
  load(a, R15, R11, offsetof(struct vm_func, inst));
  load(a, R14, R15, OFF_MEMORY0);
}

static void own_instance(struct x64_asm *a) {
  assert(a->f->saves_instance);
  load(a, R15, RBP, -8);
  load(a, R14, R15, OFF_MEMORY0);
}

void x64_add_call_site(struct x64_asm *a, const struct mach_insn *in) {
  x64_add_site(a, in->src, TRAP_NONE, false);
  if (!a->f->map_slots.len && !a->f->has_landings) return; /* nobody asks */
  struct x64_call_site site = {.site = a->sites.len - 1, .call = (uint32_t)in->imm};
  VEC_PUSH(a->arena, &a->calls, site);
}

static void call_r11(struct x64_asm *a, const struct mach_insn *in) {
  x64_opcode_mem(a, 0xff, 2, R11, offsetof(struct vm_func, code));
  x64_add_call_site(a, in);
}

/* Through a function reference, mostly into the same instance: then r15 and r14 are right before and after.
 * Where a callee of this very instance may come back with another one, they are taken back in any case. */
static void call_func(struct x64_asm *a, const struct mach_insn *in) {
  if (in->flags & X64_OWN) {
    call_r11(a, in);
    return;
  }
  if (in->flags & X64_RELOAD_INSTANCE) {
    instance_of_r11(a);
    call_r11(a, in);
    return;
  }
  struct x64_cold c = {.kind = COLD_CALL, .in = x64_label(a), .back = x64_label(a), .insn = x64_index(a, in)};
  x64_rm(a, X64_CMP_RM, 8, R15, R11, offsetof(struct vm_func, inst));
  x64_jcc_label(a, CC_NE, c.in);
  call_r11(a, in);
  x64_place(a, c.back);
  VEC_PUSH(a->arena, &a->colds, c);
}

void x64_cold_call(struct x64_asm *a, const struct x64_cold *c) {
  x64_place(a, c->in);
  instance_of_r11(a);
  call_r11(a, &a->f->insns.at[c->insn]);
  own_instance(a);
  x64_jmp_label(a, c->back);
}

void x64_call(struct x64_asm *a, const struct mach_insn *in) {
  const struct mach_call *c = &a->f->calls.at[in->imm];
  switch (in->op) {
  case X64_CALL:
    call_rel32(a, 0xe8, c->target);
    x64_add_call_site(a, in);
    break;
  case X64_CALL_FUNC: call_func(a, in); break;
  default:
    assert(in->op == X64_CALL_BUILTIN);
    load(a, R11, R15, OFF_BUILTINS);
    x64_rr(a, (enum x64_op)MACH_MOVE, 8, RDI, R15);
    x64_opcode_mem(a, 0xff, 2, R11, (int32_t)(8 * c->target));
    x64_add_call_site(a, in);
    break;
  }
  if (c->args_size) x64_ri(a, X64_SUB_RI, 8, RSP, (int32_t)c->args_size);
  if (in->flags & X64_RELOAD_INSTANCE) own_instance(a);
}

/* The new stack arguments, written at [rsp, rsp + size), move to where the caller of this function expects
 * them to be popped from: they end where the own ones end, at rbp + 16 + args_size. The destination lies
 * above the source and the copy goes from high to low, so it never overwrites what is still to be read; its
 * lowest byte stays above rsp because the frame holds the whole outgoing area. What it does overwrite (return
 * address, saved rbp, saved registers) is in registers by then. All argument registers are live. */
static void move_stack_args(struct x64_asm *a, uint32_t size) {
  int32_t top = 16 + (int32_t)a->f->args_size; /* from rbp */
  bool same = size == a->f->args_size;
  if (!same) {
    x64_rm(a, X64_FMOV_RM, 8, XMM14, RBP, 8);
    x64_rm(a, X64_FMOV_RM, 8, XMM13, RBP, 0);
  }
  for (uint32_t left = size; left > 0; left -= 16) {
    x64_rm(a, X64_FMOV_RM, 16, XMM15, RSP, (int32_t)left - 16);
    x64_rm(a, X64_FMOV_MR, 16, XMM15, RBP, top - (int32_t)(size - left) - 16);
  }
  if (same) {
    if (a->frame->size) x64_ri(a, X64_ADD_RI, 8, RSP, (int32_t)a->frame->size);
    push_pop(a, 0x58, RBP);
    return;
  }
  int32_t new_sp = top - (int32_t)size - 8;
  x64_rm(a, X64_FMOV_MR, 8, XMM14, RBP, new_sp);
  x64_rm(a, X64_LEA, 8, RSP, RBP, new_sp);
  x64_rr(a, X64_MOVD_RX, 8, RBP, XMM13);
}

void x64_tail_call(struct x64_asm *a, const struct mach_insn *in) {
  const struct mach_call *c = &a->f->calls.at[in->imm];
  restore_saved(a);
  move_stack_args(a, c->args_size);
  if (in->op == X64_TAIL_CALL) {
    call_rel32(a, 0xe9, c->target);
  } else {
    instance_of_r11(a);
    x64_opcode_mem(a, 0xff, 4, R11, offsetof(struct vm_func, code));
  }
}
