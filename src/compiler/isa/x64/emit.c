/* Layout: blocks in their final order (order.c), jumps in their final sizes, tables behind the code,
 * constants apart from it.
 *
 * In: an allocated function and its frame.  Out: struct code.
 * Bodies of blocks are written once, without the jumps between blocks, as regions; then jumps grow from short
 * to long until all reach, regions move apart, and every mark (sites, relocations, fixups) moves with its
 * region. Order of the bytes: blocks that are not cold, cold blocks, cold parts, jump tables, int3 up
 * to 16. Must not: fail; memory is the arena's. */
#include "compiler/isa/x64/emit.h"

#include "abi/call.h"
#include "compiler/isa/x64/call.h"
#include "compiler/isa/x64/cpu.h"
#include "compiler/isa/x64/cont.h"
#include "compiler/isa/x64/order.h"
#include "compiler/isa/x64/sequence.h"

#include <stdio.h>
#include <string.h>

struct jump {
  uint32_t region; /* it goes to */
  uint8_t cc;      /* enum x64_cc below 16, or ALWAYS */
  bool is_long;
};
enum { ALWAYS = 255 };
struct region {
  uint32_t start; /* raw; it ends where the next one starts */
  uint32_t at;    /* final */
  uint32_t first; /* of its jumps, which end it */
  uint8_t njumps; /* up to 3: jp, jcc, jmp */
  uint8_t align;  /* log2 */
};
struct line { /* of a listing: where an instruction begins */
  struct x64_pos at;
  uint32_t insn;
};
struct layout {
  struct x64_asm a;
  bool listed; /* record `lines` */
  bool avx;
  VEC(struct line) lines;
  bool frameless;
  struct x64_order blocks; /* one region each */
  struct region *regions;  /* one more, which only starts */
  uint32_t nregions;       /* those of the blocks and the cold parts */
  VEC(struct jump) jumps;
};

static uint32_t block_succ(const struct mach_func *f, uint32_t b, uint32_t i) {
  return f->edges.at[f->succs.at[f->blocks.at[b].succ + i]].to;
}

static uint32_t region_size(const struct region *r) { return r[1].start - r->start; } /* without jumps */

/* To the region being written. */
static void add_jump(struct layout *l, unsigned cc, uint32_t region) {
  l->regions[l->a.region].njumps++;
  VEC_PUSH(l->a.arena, &l->jumps, ((struct jump){.cc = (uint8_t)cc, .region = region}));
}

/* The jumps at the end of region number i, given that i + 1 comes next. */
static void plan_branch(struct layout *l, unsigned cc, uint32_t yes, uint32_t no, uint32_t next) {
  if (yes == no) {
    if (yes != next) add_jump(l, ALWAYS, yes);
    return;
  }
  if (cc == CC_FEQ) {
    cc = CC_FNE;
    uint32_t t = yes;
    yes = no;
    no = t;
  }
  if (cc == CC_FNE) {
    add_jump(l, CC_P, yes);
    add_jump(l, CC_NE, yes);
  } else if (yes == next) {
    add_jump(l, x64_cc_invert(cc), no);
    return;
  } else {
    add_jump(l, cc, yes);
  }
  if (no != next) add_jump(l, ALWAYS, no);
}

static void trap_if(struct x64_asm *a, const struct mach_insn *in) {
  uint32_t label = x64_trap_label(a, in->trap, in->src);
  if (in->cc == CC_FEQ) {
    uint32_t over = x64_hop(a, CC_P);
    x64_jcc_label(a, CC_E, label);
    x64_land(a, over);
  } else if (in->cc == CC_FNE) {
    x64_jcc_label(a, CC_P, label);
    x64_jcc_label(a, CC_NE, label);
  } else {
    x64_jcc_label(a, in->cc, label);
  }
}

/* d is below the number of successors: selection has seen to it without a branch. */
static void put_switch(struct x64_asm *a, const struct mach_insn *in, uint32_t block) {
  VEC_PUSH(a->arena, &a->tables, ((struct x64_table){block}));
  mreg index = in->d, table = in->base;
  x64_byte(a, table >= R8 ? 0x4c : 0x48); /* lea table, [rip + ...] */
  x64_byte(a, 0x8d);
  x64_byte(a, (uint8_t)((table & 7) << 3 | 5));
  x64_fixup32(a, FIXUP_TABLE, a->tables.len - 1, 0);
  struct mach_insn m = {
      .op = X64_MOVSXD_RM, .size = 4, .scale = 2, .d = index, .s = MREG_NONE, .base = table, .idx = index};
  x64_encode(a, &m);
  x64_rr(a, X64_ADD_RR, 8, index, table);
  if (index >= R8) x64_byte(a, 0x41);
  x64_byte(a, 0xff);
  x64_byte(a, (uint8_t)(0xe0 | (index & 7)));
}

/* May an instruction that writes flags stand in front of instruction i? */
static bool flags_live_at(const struct mach_func *f, uint32_t i, uint32_t end) {
  for (uint32_t k = i; k < end && k < i + 16; k++) {
    uint16_t flags = f->isa ? f->isa->ops[f->insns.at[k].op].flags : x64_ops[f->insns.at[k].op].flags;
    if (flags & MF_READS_FLAGS) return true;
    if (flags & MF_WRITES_FLAGS) return false;
  }
  return i + 16 < end;
}

/* A copy of a float register, and behind it an instruction that overwrites the copy: with AVX they are one,
 * `out`.
 */
static bool merge_copy(const struct layout *l, uint32_t i, uint32_t end, struct mach_insn *out) {
  const struct mach_insn *copy = &l->a.f->insns.at[i], *op = copy + 1;
  if (!l->avx || copy->op != MACH_MOVE || i + 1 == end || op->op < MACH_OP_ISA0 || op->d != copy->d ||
      copy->d == copy->s || !mreg_is_float(copy->d) || (op->flags & X64_VEX))
    return false;
  uint8_t form = x64_encodings[op->op].form;
  const uint8_t tied = ROLE_USE | ROLE_DEF | ROLE_FLOAT;
  if ((form != FORM_RM && form != FORM_RMI && form != FORM_MI) || (x64_ops[op->op].role[0] & tied) != tied)
    return false;
  *out = *op;
  out->flags |= X64_VEX;
  out->cc = (uint8_t)copy->s;
  if (out->s == copy->d) out->s = copy->s;
  return true;
}

/* Returns how many more instructions are done with it. */
static uint32_t put_move(struct layout *l, uint32_t i, uint32_t end) {
  struct mach_insn merged;
  bool both = merge_copy(l, i, end, &merged);
  x64_encode(&l->a, both ? &merged : &l->a.f->insns.at[i]);
  return both;
}

/* One that is more than its bytes. */
static void put_insn(struct layout *l, uint32_t i, uint32_t block, uint32_t next) {
  struct x64_asm *a = &l->a;
  const struct mach_func *f = a->f;
  const struct mach_insn *in = &f->insns.at[i];
  switch (in->op) {
  case MACH_NOP:
  case MACH_PARAMS: break;
  case X64_TRAPCC: trap_if(a, in); break;
  case X64_JMP: {
    uint32_t to = l->blocks.region_of[block_succ(f, block, 0)];
    if (to != next) add_jump(l, ALWAYS, to);
    break;
  }
  case X64_TRY: {
    uint32_t to = l->blocks.region_of[block_succ(f, block, 0)], last = f->blocks.at[block].nsucc - 1;
    struct x64_handler h = {.call = VEC_LAST(&a->calls).call,
                            .try_ = (uint32_t)in->imm,
                            .region = l->blocks.region_of[block_succ(f, block, last)]};
    if (h.try_ != CODE_NO_TRY) VEC_PUSH(a->arena, &a->handlers, h);
    if (to != next) add_jump(l, ALWAYS, to);
    break;
  }
  case X64_JCC:
    plan_branch(l, in->cc, l->blocks.region_of[block_succ(f, block, 0)],
                l->blocks.region_of[block_succ(f, block, 1)], next);
    break;
  case X64_SWITCH: put_switch(a, in, block); break;
  case X64_TRAP: x64_jmp_label(a, x64_trap_label(a, in->trap, in->src)); break;
  case X64_RET: x64_return(a, l->frameless); break;
  case X64_CALL:
  case X64_CALL_FUNC:
  case X64_CALL_BUILTIN: x64_call(a, in); break;
  case X64_RESUME:
  case X64_RESUME_THROW:
  case X64_SUSPEND:
  case X64_SWITCH_TO:
  case X64_LANDED: x64_leave_stack(a, in, block); break;
  case X64_TAIL_CALL:
  case X64_TAIL_CALL_FUNC: x64_tail_call(a, in); break;
  default:
    if (in->op >= MACH_OP_ISA0)
      x64_sequence(a, in, in->op == X64_MOV_RI && flags_live_at(f, i + 1, f->blocks.at[block].end));
    else
      x64_encode(a, in);
  }
}

static void write_regions(struct layout *l) {
  struct x64_asm *a = &l->a;
  const struct mach_func *f = a->f;
  for (uint32_t n = 0; n < l->blocks.len; n++) {
    struct region *r = &l->regions[n];
    a->region = n;
    a->last_trap = 0;
    r->start = a->code.len;
    r->first = l->jumps.len;
    const struct mach_block *k = &f->blocks.at[l->blocks.order[n]];
    if (n == 0) x64_prologue(a, l->frameless);
    if (l->blocks.begins_loop[n]) r->align = 4;
    for (uint32_t i = k->first, end = k->end; i < end; i++) {
      const struct mach_insn *in = &f->insns.at[i];
      if (l->listed) VEC_PUSH(a->arena, &l->lines, ((struct line){x64_here(a), i}));
      if (in->op >= MACH_OP_ISA0 && x64_encodings[in->op].form != FORM_X)
        x64_encode(a, in);
      else if (in->op == MACH_MOVE)
        i += put_move(l, i, end);
      else
        put_insn(l, i, l->blocks.order[n], n + 1);
    }
  }
  /* Cold parts may leave further cold parts behind them. */
  struct region *r = &l->regions[l->blocks.len];
  a->region = l->blocks.len;
  r->start = a->code.len;
  uint32_t trap_stub = NO_LABEL;
  for (uint32_t i = 0; i < a->colds.len; i++) {
    struct x64_cold c = a->colds.at[i];
    switch ((enum x64_cold_kind)c.kind) {
    case COLD_TRAP:
      if (trap_stub == NO_LABEL) { /* before those that call it */
        x64_place(a, trap_stub = x64_label(a));
        x64_trap_stub(a);
      }
      x64_cold_trap(a, &c, trap_stub);
      break;
    case COLD_STACK: x64_cold_stack(a, &c); break;
    case COLD_CALL: x64_cold_call(a, &c); break;
    case COLD_SEQUENCE:
      x64_place(a, c.in);
      x64_cold_sequence(a, &c);
      break;
    case COLD_SWITCH_STUB:
    case COLD_OTHER_INSTANCE: x64_cold_leave_stack(a, &c); break;
    }
  }
  r[1].start = a->code.len;
  VEC_DROP(a->arena, &a->colds);
  VEC_TRIM(a->arena, &a->code);
}

static uint32_t jump_size(const struct jump *j) { return !j->is_long ? 2 : j->cc == ALWAYS ? 5 : 6; }

/* Final addresses for the present jump sizes; returns the size of all. */
static uint32_t place_regions(struct layout *l) {
  uint64_t at = 0;
  for (uint32_t n = 0; n < l->nregions; n++) {
    struct region *r = &l->regions[n];
    at = align_up(at, (size_t)1 << r->align);
    if (at > INT32_MAX) arena_out_of_memory(l->a.arena);
    r->at = (uint32_t)at;
    at += region_size(r);
    for (uint32_t i = 0; i < r->njumps; i++)
      at += jump_size(&l->jumps.at[r->first + i]);
  }
  if (at > INT32_MAX) arena_out_of_memory(l->a.arena);
  return (uint32_t)at;
}

/* Makes long what does not reach; false when all do. Jumps only grow, so this ends. */
static bool grow_jumps(struct layout *l, bool all) {
  bool grew = false;
  for (uint32_t n = 0; n < l->nregions; n++) {
    struct region *r = &l->regions[n];
    uint32_t end = r->at + region_size(r);
    for (uint32_t i = 0; i < r->njumps; i++) {
      struct jump *j = &l->jumps.at[r->first + i];
      end += jump_size(j);
      int64_t distance = (int64_t)l->regions[j->region].at - end;
      if (!j->is_long && (all || distance < -128 || distance > 127)) {
        j->is_long = true;
        grew = true;
      }
    }
  }
  return grew;
}

static uint32_t final_off(const struct layout *l, struct x64_pos p) {
  const struct region *r = &l->regions[p.region];
  assert(p.off >= r->start && p.off <= r[1].start);
  return p.off - r->start + r->at;
}

/* The same of ascending raw offsets, each of a byte inside its region: `*n` is the region of the last one. */
static uint32_t final_next(const struct layout *l, uint32_t *n, uint32_t off) {
  while (l->regions[*n + 1].start <= off)
    ++*n;
  const struct region *r = &l->regions[*n];
  return off - r->start + r->at;
}

static void put32(uint8_t *at, uint32_t v) { memcpy(at, &v, 4); }

/* Fills with instructions that do nothing. */
static void put_nops(uint8_t *at, uint32_t size) {
  static const uint8_t nops[9][9] = {
      {0x90},
      {0x66, 0x90},
      {0x0f, 0x1f, 0x00},
      {0x0f, 0x1f, 0x40, 0x00},
      {0x0f, 0x1f, 0x44, 0x00, 0x00},
      {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
      {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
      {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
      {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
  };
  while (size > 0) {
    uint32_t n = size < 9 ? size : 9;
    memcpy(at, nops[n - 1], n);
    at += n;
    size -= n;
  }
}

static void copy_regions(const struct layout *l, uint8_t *bytes) {
  uint32_t at = 0;
  for (uint32_t n = 0; n < l->nregions; n++) {
    const struct region *r = &l->regions[n];
    put_nops(bytes + at, r->at - at);
    memcpy(bytes + r->at, l->a.code.at + r->start, region_size(r));
    at = r->at + region_size(r);
    for (uint32_t i = 0; i < r->njumps; i++) {
      const struct jump *j = &l->jumps.at[r->first + i];
      uint32_t end = at + jump_size(j), distance = l->regions[j->region].at - end;
      if (!j->is_long) {
        bytes[at] = j->cc == ALWAYS ? 0xeb : (uint8_t)(0x70 + j->cc);
        bytes[at + 1] = (uint8_t)distance;
      } else if (j->cc == ALWAYS) {
        bytes[at] = 0xe9;
        put32(bytes + at + 1, distance);
      } else {
        bytes[at] = 0x0f;
        bytes[at + 1] = (uint8_t)(0x80 + j->cc);
        put32(bytes + at + 2, distance);
      }
      at = end;
    }
  }
}

/* The handlers of a resume at `at`; returns where the struct begins that r12 points to. */
static uint32_t put_resume(const struct layout *l, const struct x64_handlers *h, uint8_t *bytes,
                           uint32_t at) {
  const struct mach_func *f = l->a.f;
  uint32_t base = at + x64_handlers_off(f, h), n = f->blocks.at[h->block].nsucc;
  uint32_t *landings = ARENA_ARRAY(l->a.arena, uint32_t, n + 1u);
  for (uint32_t i = 1; i < n; i++) /* more than its labels where it is not followed by them */
    landings[i - 1] = l->regions[l->blocks.region_of[block_succ(f, h->block, i)]].at - base;
  x64_put_handlers(f, h, landings, bytes + at);
  return base;
}

/* Tables behind the code; resolves every fixup. */
static void finish(struct layout *l, uint32_t code_size, struct code *out) {
  struct x64_asm *a = &l->a;
  const struct mach_func *f = a->f;
  uint32_t *table_at = ARENA_ARRAY(a->arena, uint32_t, a->tables.len ? a->tables.len : 1);
  uint64_t at = align_up(code_size, 4);
  for (uint32_t t = 0; t < a->tables.len; t++) {
    table_at[t] = (uint32_t)at;
    at += UINT64_C(4) * f->blocks.at[a->tables.at[t].block].nsucc;
    if (at > INT32_MAX / 2) arena_out_of_memory(a->arena);
  }
  uint32_t *handlers_at = ARENA_ARRAY(a->arena, uint32_t, a->resumes.len ? a->resumes.len : 1);
  at = align_up(at, 8);
  for (uint32_t i = 0; i < a->resumes.len; i++) {
    handlers_at[i] = (uint32_t)at;
    at += x64_handlers_size(f, &a->resumes.at[i]);
    if (at > INT32_MAX / 2) arena_out_of_memory(a->arena);
  }
  uint64_t size = align_up(at, 16);
  if (size > INT32_MAX) arena_out_of_memory(a->arena);
  uint8_t *bytes = arena_alloc(a->arena, size);
  copy_regions(l, bytes);
  VEC_DROP(a->arena, &a->code);
  memset(bytes + code_size, 0xcc, size - code_size);
  for (uint32_t t = 0; t < a->tables.len; t++) {
    uint32_t b = a->tables.at[t].block;
    for (uint32_t i = 0; i < f->blocks.at[b].nsucc; i++)
      put32(bytes + table_at[t] + 4 * (size_t)i,
            l->regions[l->blocks.region_of[block_succ(f, b, i)]].at - table_at[t]);
  }
  for (uint32_t i = 0; i < a->resumes.len; i++)
    handlers_at[i] = put_resume(l, &a->resumes.at[i], bytes, handlers_at[i]);
  for (uint32_t i = 0, n = 0; i < a->fixups.len; i++) {
    const struct x64_fixup *x = &a->fixups.at[i];
    uint32_t from = final_next(l, &n, x->at), to;
    switch ((enum x64_fixup_kind)x->kind) {
    case FIXUP_LABEL: to = final_off(l, a->labels.at[x->target]); break;
    case FIXUP_TABLE: to = table_at[x->target]; break;
    case FIXUP_HANDLERS: to = handlers_at[x->target]; break;
    default: unreachable();
    }
    put32(bytes + from, to - (from + 4 + x->tail));
  }
  VEC_DROP(a->arena, &a->fixups);
  VEC_DROP(a->arena, &a->labels);
  out->bytes = bytes;
  out->size = (uint32_t)size;
  out->consts = a->pool.at;
  out->nconsts = a->pool.len;
}

/* Where references stand in every frame of the function, from rbp: stack arguments, locals kept in slots, and
 * where there are no maps all slots for references. */
static void put_frame_refs(const struct layout *l, struct code *out) {
  const struct x64_asm *a = &l->a;
  const struct mach_func *f = a->f;
  const struct functype *type = f->ir->type;
  struct call_walk w = call_walk_params();
  VEC(int32_t) refs = {0};
  for (uint32_t i = 0; type && i < type->nparams; i++) {
    struct call_loc loc = call_walk_next(&w, type->params[i]);
    if (!loc.on_stack || !vt_is_ref(type->params[i])) continue;
    if (ir_type_of(f->ir->module, type->params[i]) == IR_REF) VEC_PUSH(a->arena, &refs, 16 + (int32_t)loc.at);
  }
  for (uint32_t i = 0; i < f->ir->ref_locals.len; i++)
    VEC_PUSH(a->arena, &refs,
             (int32_t)(f->locals_off + 8 * f->ir->ref_locals.at[i]) - (int32_t)a->frame->size);
  for (uint32_t i = 0; f->clear_refs && i < f->nslots_ref; i++)
    VEC_PUSH(a->arena, &refs, frame_slot_off(f, a->frame, i));
  out->frame_refs = refs.at;
  out->nframe_refs = refs.len;
}

static void put_maps(const struct layout *l, struct code *out) {
  const struct x64_asm *a = &l->a;
  const struct mach_func *f = a->f;
  if (!f->ir) return;
  put_frame_refs(l, out);
  uint64_t words = 0;
  for (uint32_t i = 0; i < a->calls.len; i++)
    words += f->calls.at[a->calls.at[i].call].nmap;
  if (words > UINT32_MAX / 8) arena_out_of_memory(a->arena);
  if (!words) return;
  out->maps = ARENA_ARRAY(a->arena, struct code_map, a->calls.len);
  out->map_words = ARENA_ARRAY(a->arena, int32_t, words);
  for (uint32_t i = 0; i < a->calls.len; i++) {
    const struct mach_call *call = &f->calls.at[a->calls.at[i].call];
    if (call->nmap == 0) continue;
    out->maps[out->nmaps++] = (struct code_map){
        .off = out->sites[a->calls.at[i].site].off, .first = out->nmap_words, .len = call->nmap};
    for (uint32_t k = 0; k < call->nmap; k++)
      out->map_words[out->nmap_words++] = frame_slot_off(f, a->frame, f->map_slots.at[call->map + k]);
  }
}

/* A call through a function reference may return to two addresses: each is listed. */
static void put_handlers(const struct layout *l, struct code *out) {
  const struct x64_asm *a = &l->a;
  const struct mach_func *f = a->f;
  if (!a->handlers.len) return;
  uint32_t *handler_of = ARENA_ARRAY(a->arena, uint32_t, f->calls.len); /* 1 + index */
  for (uint32_t i = 0; i < a->handlers.len; i++)
    handler_of[a->handlers.at[i].call] = i + 1;
  out->handlers = ARENA_ARRAY(a->arena, struct code_handler, a->calls.len);
  for (uint32_t i = 0; i < a->calls.len; i++) {
    uint32_t handler = handler_of[a->calls.at[i].call];
    if (!handler) continue;
    const struct x64_handler *h = &a->handlers.at[handler - 1];
    out->handlers[out->nhandlers++] = (struct code_handler){
        .off = out->sites[a->calls.at[i].site].off, .try_ = h->try_, .landing = l->regions[h->region].at};
  }
  out->tries = f->ir->tries.at;
  out->ntries = f->ir->tries.len;
  out->clauses = f->ir->clauses.at;
  out->nclauses = f->ir->clauses.len;
}

static void put_marks(struct layout *l, struct code *out) {
  struct x64_asm *a = &l->a;
  for (uint32_t i = 0, n = 0; i < a->sites.len; i++) {
    struct code_site *site = &a->sites.at[i];
    /* A return address belongs to the call in front of it. */
    site->off = site->is_fault ? final_next(l, &n, site->off) : final_next(l, &n, site->off - 1) + 1;
    assert(i == 0 || a->sites.at[i - 1].off < site->off);
  }
  for (uint32_t i = 0, n = 0; i < a->relocs.len; i++)
    a->relocs.at[i].off = final_next(l, &n, a->relocs.at[i].off);
  out->nsites = a->sites.len;
  out->sites = a->sites.at;
  out->nrelocs = a->relocs.len;
  out->relocs = a->relocs.at;
  if (!a->f->ir) return;
  out->inlines = a->f->ir->inlines.at;
  out->ninlines = a->f->ir->inlines.len;
}

/* Everything but sites, relocations and what stands by them. `end`: the function again when its instructions
 * are not needed any more; NULL: they are to be listed. */
static struct layout *lay_out(const struct mach_func *f, const struct frame *frame,
                              const struct isa_config *config, struct arena *arena, struct mach_func *end,
                              struct code *out) {
  struct layout *l = ARENA_NEW(arena, struct layout);
  l->listed = !end;
  l->avx = (config->cpu & X64_CPU_AVX) != 0;
  l->a.arena = arena;
  l->a.f = f;
  l->a.frame = frame;
  for (uint32_t i = 0; i < f->pool.len; i++)
    VEC_PUSH(arena, &l->a.pool, f->pool.at[i]);
  l->frameless = x64_is_frameless(f, frame);
  x64_order_blocks(f, arena, &l->blocks);
  l->nregions = l->blocks.len + 1;
  l->regions = ARENA_ARRAY(arena, struct region, l->nregions + 1u);
  VEC_RESERVE(arena, &l->a.code, f->insns.len > UINT32_MAX / 8 ? f->insns.len : f->insns.len * 5 + 64);
  VEC_RESERVE(arena, &l->jumps, min_u32(l->blocks.len, 1 << 10) + 8);
  VEC_RESERVE(arena, &l->a.sites, min_u32(f->insns.len / 4, 1 << 10) + 8);
  write_regions(l);
  if (end) VEC_DROP(arena, &end->insns);
  uint32_t size = place_regions(l);
  for (int round = 0; grow_jumps(l, round >= 16); round++)
    size = place_regions(l);
  *out = (struct code){.frame_size = frame->size,
                       .align = 16,
                       .saves_instance = f->saves_instance,
                       .kept = x64_kept(frame),
                       .frameless = l->frameless};
  finish(l, size, out);
  return l;
}

void x64_emit(struct mach_func *f, const struct frame *frame, const struct isa_config *config,
              struct arena *arena, struct code *out) {
  struct layout *l = lay_out(f, frame, config, arena, f, out);
  put_marks(l, out);
  put_maps(l, out);
  put_handlers(l, out);
}

/* ---- the listing ---- */

enum { BYTES_A_LINE = 12 };

/* One line: the bytes [from, to); those that do not fit go on lines of their own. */
static void print_line(const struct code *code, uint32_t from, uint32_t to, const char *what,
                       struct out *out) {
  if (from == to) return;
  for (uint32_t at = from; at < to; at += BYTES_A_LINE) {
    out_printf(out, "%6x:", at);
    for (uint32_t i = at; i < at + BYTES_A_LINE; i++) {
      if (i < to)
        out_printf(out, " %02x", code->bytes[i]);
      else if (at == from && *what)
        out_cstr(out, "   ");
    }
    if (at == from && *what) out_printf(out, "  %s", what);
    out_cstr(out, "\n");
  }
}

static void print_jumps(const struct layout *l, const struct code *code, const struct region *r,
                        struct out *out) {
  static const char *const cc[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                     "s", "ns", "p", "np", "l", "ge", "le", "g"};
  uint32_t at = r->at + region_size(r);
  for (uint32_t i = 0; i < r->njumps; i++) {
    const struct jump *j = &l->jumps.at[r->first + i];
    char text[48];
    (void)snprintf(text, sizeof text, "j%s b%u", j->cc == ALWAYS ? "mp" : cc[j->cc],
                   l->blocks.order[j->region]);
    print_line(code, at, at + jump_size(j), text, out);
    at += jump_size(j);
  }
}

void x64_print_code(const struct mach_func *f, const struct frame *frame, const struct isa_config *config,
                    struct arena *arena, struct out *out) {
  struct code code;
  struct layout *l = lay_out(f, frame, config, arena, NULL, &code);
  uint32_t line = 0;
  for (uint32_t n = 0; n < l->blocks.len; n++) {
    const struct region *r = &l->regions[n];
    out_printf(out, "b%u:%s\n", l->blocks.order[n], f->blocks.at[l->blocks.order[n]].cold ? " cold" : "");
    uint32_t end = r->at + region_size(r);
    uint32_t at = r->at;
    bool first = true;
    for (; line < l->lines.len && l->lines.at[line].at.region == n; line++) {
      uint32_t from = final_off(l, l->lines.at[line].at);
      if (first) print_line(&code, at, from, "(prologue)", out);
      first = false;
      bool last = line + 1 == l->lines.len || l->lines.at[line + 1].at.region != n;
      at = last ? end : final_off(l, l->lines.at[line + 1].at);
      struct buf text;
      buf_init(&text);
      struct out to = out_buf(&text);
      struct mach_insn merged;
      uint32_t insn = l->lines.at[line].insn;
      x64_print_insn(f, merge_copy(l, insn, UINT32_MAX, &merged) ? &merged : &f->insns.at[insn], &to);
      buf_u8(&text, 0);
      print_line(&code, from, at, buf_ok(&text) ? (const char *)text.data : "", out);
      buf_free(&text);
    }
    print_jumps(l, &code, r, out);
  }
  const struct region *cold = &l->regions[l->blocks.len];
  uint32_t end = cold->at + region_size(cold);
  if (cold->at < end) out_cstr(out, "out of line:\n");
  print_line(&code, cold->at, end, "", out);
  if (end < align_up(end, 16)) end = (uint32_t)align_up(end, 4);
  if (l->a.tables.len || l->a.resumes.len) {
    out_cstr(out, "tables:\n");
    print_line(&code, end, code.size, "", out);
  }
  if (code.nconsts) out_cstr(out, "constants:\n");
  for (uint32_t i = 0; i < code.nconsts; i++)
    out_printf(out, "%6x: %016llx\n", 8 * i, (unsigned long long)code.consts[i]);
}
