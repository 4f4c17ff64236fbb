/* Parallel moves, linear in their number: first whatever overwrites nothing that is still wanted, then
 * cycles.
 *
 * A cycle of integer registers is turned by XCHG, one of float registers through the scratch float register.
 * Slots are copied through that register too, and a cycle through slots is cut with a spare slot. A constant
 * that goes to a slot borrows a register that is free, or one that waits in the spare slot meanwhile. */
#include "compiler/mach/moves.h"

#include "compiler/mach/isa.h"

void mover_init(struct mover *m, struct mach_func *f) {
  *m = (struct mover){.f = f, .spare = UINT32_MAX};
  m->nlocs = LOC_SLOT + f->nslots8 + f->nslots16 + 1; /* and the spare one */
  m->wanted = ARENA_ARRAY(f->arena, uint32_t, m->nlocs);
  m->move = ARENA_ARRAY(f->arena, uint32_t, m->nlocs);
}

struct mach_insn mach_move_insn(mach_loc dst, mach_loc src, uint8_t size, bool is_float, uint32_t wasm_off) {
  struct mach_insn in = {.op = MACH_MOVE,
                         .size = size,
                         .d = dst,
                         .s = src,
                         .base = MREG_NONE,
                         .idx = MREG_NONE,
                         .src = wasm_off};
  if (loc_is_slot(dst)) {
    in.op = MACH_SPILL;
    in.d = MREG_NONE;
    in.imm = (int32_t)(dst - LOC_SLOT);
    if (!is_float) in.size = 8;
  } else if (loc_is_slot(src)) {
    in.op = MACH_RELOAD;
    in.s = MREG_NONE;
    in.imm = (int32_t)(src - LOC_SLOT);
  }
  return in;
}

static void put(struct mover *m, mach_loc dst, mach_loc src, uint8_t size, bool is_float) {
  VEC_PUSH(m->f->arena, m->out, mach_move_insn(dst, src, size, is_float, m->src));
}

static void put_remat(struct mover *m, mreg d, mach_loc remat) {
  struct mach_insn in = m->f->remats.at[remat - LOC_REMAT];
  in.d = d;
  in.src = m->src;
  VEC_PUSH(m->f->arena, m->out, in);
}

static mach_loc spare_slot(struct mover *m) {
  if (m->spare == UINT32_MAX) m->spare = m->f->nslots8 + m->f->nslots16++;
  return LOC_SLOT + m->spare;
}

/* Slot to slot. Integers move as 8 bytes. */
static void put_slot_copy(struct mover *m, mach_loc dst, mach_loc src, uint8_t size) {
  uint8_t through = m->f->isa->scratch_float;
  if (size < 8) size = 8;
  put(m, through, src, size, true);
  put(m, dst, through, size, true);
}

static void put_move(struct mover *m, const struct move *x) {
  if (loc_is_remat(x->src)) {
    assert(loc_is_reg(x->dst));
    put_remat(m, x->dst, x->src);
  } else if (loc_is_slot(x->dst) && loc_is_slot(x->src)) {
    put_slot_copy(m, x->dst, x->src, x->size);
  } else {
    put(m, x->dst, x->src, x->size, x->is_float);
  }
}

/* The cycle that the move to `start` is part of: each destination in it is read by exactly one move, also in
 * it. */
static void turn_cycle(struct mover *m, mach_loc start) {
  bool integers = true, slots = false;
  mach_loc at = start;
  do {
    const struct move *x = &m->pending[m->move[at] - 1];
    integers &= loc_is_reg(at) && !mreg_is_float(at);
    slots |= loc_is_slot(at);
    at = x->src;
  } while (at != start);
  if (integers) {
    /* a <- b <- c <- a: after a <-> b, b holds what a held, which c wants last. */
    while (m->pending[m->move[at] - 1].src != start) {
      mach_loc src = m->pending[m->move[at] - 1].src;
      struct mach_insn in = {
          .op = MACH_XCHG, .size = 8, .d = at, .s = src, .base = MREG_NONE, .idx = MREG_NONE, .src = m->src};
      VEC_PUSH(m->f->arena, m->out, in);
      m->move[at] = 0;
      at = src;
      /* What stands in `src` now is the old content of `start`; all later moves of the cycle read their own
       * source. */
    }
    m->move[at] = 0;
    return;
  }
  mach_loc kept = slots ? spare_slot(m) : m->f->isa->scratch_float;
  if (!slots)
    put(m, kept, start, 16, true);
  else if (loc_is_slot(start))
    put_slot_copy(m, kept, start, start - LOC_SLOT < m->f->nslots8 ? 8 : 16);
  else
    put(m, kept, start, mreg_is_float(start) ? 16 : 8, mreg_is_float(start));
  for (;;) {
    struct move x = m->pending[m->move[at] - 1];
    m->move[at] = 0;
    at = x.src;
    if (x.src == start) x.src = kept;
    put_move(m, &x);
    if (at == start) break;
  }
}

/* Constants to slots, when all else is in place. */
static void put_remat_slot(struct mover *m, const struct move *x, uint64_t busy) {
  if (x->is_float) {
    put_remat(m, m->f->isa->scratch_float, x->src);
    put(m, x->dst, m->f->isa->scratch_float, x->size, true);
    return;
  }
  /* Not one that the caller wants back: whether this function saves it is not decided here. */
  uint64_t allocatable = m->f->isa->allocatable & ~m->f->isa->callee_saved & UINT32_MAX;
  uint64_t vacant = allocatable & ~busy;
  mreg r = (mreg)__builtin_ctzll(vacant ? vacant : allocatable);
  if (vacant) {
    put_remat(m, r, x->src);
    put(m, x->dst, r, 8, false);
    return;
  }
  mach_loc spare = spare_slot(m);
  put(m, spare, r, 8, false);
  put_remat(m, r, x->src);
  put(m, x->dst, r, 8, false);
  put(m, r, spare, 8, false);
}

void moves_resolve(struct mover *m, const struct move *moves, uint32_t n, uint64_t busy,
                   struct insn_list *out) {
  m->out = out;
  uint32_t left = 0, nready = 0;
  if (n > m->cap) {
    m->cap = max_u32(n, 64);
    m->pending = arena_alloc(m->f->arena, m->cap * sizeof *m->pending);
    m->ready = arena_alloc(m->f->arena, m->cap * sizeof *m->ready);
  }
  bool constants = false;
  for (uint32_t i = 0; i < n; i++) {
    if (moves[i].dst == moves[i].src) continue;
    if (loc_is_reg(moves[i].dst)) busy |= UINT64_C(1) << moves[i].dst;
    if (loc_is_remat(moves[i].src) && loc_is_slot(moves[i].dst)) {
      constants = true;
      continue;
    }
    m->pending[left++] = moves[i];
    assert(!m->move[moves[i].dst] && "one move to a place");
    m->move[moves[i].dst] = left;
    if (!loc_is_remat(moves[i].src)) m->wanted[moves[i].src]++;
  }
  for (uint32_t i = 0; i < left; i++)
    if (!m->wanted[m->pending[i].dst] && !loc_is_remat(m->pending[i].src)) m->ready[nready++] = i;
  while (nready) {
    const struct move *x = &m->pending[m->ready[--nready]];
    put_move(m, x);
    m->move[x->dst] = 0;
    if (--m->wanted[x->src] == 0 && m->move[x->src]) {
      uint32_t next = m->move[x->src] - 1;
      if (!loc_is_remat(m->pending[next].src)) m->ready[nready++] = next;
    }
  }
  for (uint32_t i = 0; i < left; i++) {
    const struct move *x = &m->pending[i];
    if (m->move[x->dst] && !loc_is_remat(x->src)) turn_cycle(m, x->dst);
  }
  for (uint32_t i = 0; i < left; i++) {
    m->move[m->pending[i].dst] = 0;
    if (!loc_is_remat(m->pending[i].src))
      m->wanted[m->pending[i].src] = 0;
    else
      put_move(m, &m->pending[i]);
  }
  if (constants)
    for (uint32_t i = 0; i < n; i++)
      if (loc_is_remat(moves[i].src) && loc_is_slot(moves[i].dst)) put_remat_slot(m, &moves[i], busy);
}
