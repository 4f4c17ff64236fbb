/* Who must be where around an instruction that asks for certain registers or destroys some.
 *
 * Every value that is in a register gets a seat: a fixed use where it is asked to be; a keeper, which lives
 * on or is read late, in a register that is neither lost nor asked for; all others, read and over, anywhere
 * but where a fixed use or an early definition goes, and they make room for keepers. Then one parallel move
 * seats them all. A value that lives on but is asked for in a register that is lost is copied there and keeps
 * its own seat. Must not: fail. Spilling has counted. */
#include "compiler/mach/assigner.h"

struct plan {
  uint64_t lost;   /* destroyed or defined by the instruction */
  uint64_t asked;  /* for its fixed uses */
  uint64_t early;  /* fixed and written early */
  uint64_t taken;  /* by fixed uses, keepers and early definitions so far */
  uint64_t others; /* where the others sit now */
  uint32_t nseats;
};

bool assign_redefined(const struct assign_operand *ops, uint32_t n, uint32_t v) {
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && ops[i].v == v) return true;
  return false;
}

/* Read, from whatever register it is in, when others are written already. */
static bool read_late(const struct assign_operand *ops, uint32_t n, uint32_t v) {
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].use && ops[i].early && !ops[i].phys && ops[i].v == v) return true;
  return false;
}

/* Lives on, is read late, or is written to where it is. */
static bool is_keeper(const struct assign_operand *ops, uint32_t n, uint32_t v) {
  bool read = false;
  for (uint32_t i = 0; i < n; i++) {
    if (!ops[i].use || ops[i].v != v) continue;
    if (!ops[i].kill || (!ops[i].phys && (ops[i].def || ops[i].early))) return true;
    read = true;
  }
  return !read;
}

static uint64_t asked_bit(const struct assign_operand *o) { return reg_bit((uint8_t)(o->phys - 1)); }

static void seat(struct assigner *a, struct plan *p, uint32_t v, uint8_t reg, enum assign_seat_kind kind) {
  assert(p->nseats < ASSIGN_SEATS_MOST);
  a->seats[p->nseats++] = (struct assign_seat){.v = v, .reg = reg, .kind = (uint8_t)kind};
}

/* Fixed uses: the first one seats the value unless it must stay elsewhere, each further one is a copy. The
 * current registers of those that are seated. */
static uint64_t seat_fixed(struct assigner *a, const struct assign_operand *ops, uint32_t n, struct plan *p) {
  uint64_t seated = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (!ops[i].use || !ops[i].phys) continue;
    uint8_t to = (uint8_t)(ops[i].phys - 1), from = a->loc[ops[i].v];
    assert(from != ASSIGN_NO_REG);
    bool stays = (!ops[i].kill && !assign_redefined(ops, n, ops[i].v)) || read_late(ops, n, ops[i].v);
    if ((seated & reg_bit(from)) || (stays && (p->lost & reg_bit(to)))) {
      if (p->taken & reg_bit(to)) continue; /* asked for twice in one register */
      struct move copy = assign_move_of(a, ops[i].v, to, from);
      VEC_PUSH(a->f->arena, &a->moves, copy);
    } else {
      seated |= reg_bit(from);
      seat(a, p, ops[i].v, to, SEAT_SETTLED);
    }
    p->taken |= reg_bit(to);
  }
  return seated;
}

static void seat_present(struct assigner *a, const struct assign_operand *ops, uint32_t n, struct plan *p,
                         uint64_t seated) {
  for (uint64_t rest = a->used & ~seated; rest; rest &= rest - 1) {
    uint8_t r = (uint8_t)__builtin_ctzll(rest);
    uint32_t v = a->value[r];
    if (!is_keeper(ops, n, v)) {
      seat(a, p, v, r, SEAT_OTHER);
      p->others |= reg_bit(r);
    } else if ((p->lost | p->asked) & reg_bit(r)) {
      seat(a, p, v, ASSIGN_NO_REG, SEAT_KEEPER);
    } else {
      seat(a, p, v, r, SEAT_SETTLED);
      p->taken |= reg_bit(r);
    }
  }
  for (uint32_t i = 0; i < n; i++)
    if (ops[i].def && !ops[i].use && !ops[i].phys && ops[i].early)
      seat(a, p, ops[i].v, ASSIGN_NO_REG, SEAT_EARLY);
}

static void settle_keepers(struct assigner *a, struct plan *p) {
  for (uint32_t i = 0; i < p->nseats; i++) {
    struct assign_seat *k = &a->seats[i];
    if (k->reg != ASSIGN_NO_REG) continue;
    uint64_t room = class_mask(a, k->v) & ~(p->taken | p->lost | p->asked);
    assert(room && "spilling has left a register");
    k->reg = assign_pick(a, k->v, room & ~p->others ? room & ~p->others : room);
    p->taken |= reg_bit(k->reg);
  }
}

static void settle_others(struct assigner *a, struct plan *p) {
  uint64_t closed = p->taken | p->asked | p->early;
  for (uint32_t i = 0; i < p->nseats; i++) {
    struct assign_seat *o = &a->seats[i];
    if (o->kind != SEAT_OTHER || !(closed & reg_bit(o->reg))) continue;
    p->others &= ~reg_bit(o->reg);
    uint64_t room = class_mask(a, o->v) & ~(closed | p->others);
    assert(room && "spilling has left a register");
    o->reg = assign_pick(a, o->v, room);
    p->others |= reg_bit(o->reg);
  }
}

static void move_all(struct assigner *a, const struct plan *p) {
  for (uint32_t i = 0; i < p->nseats; i++) {
    const struct assign_seat *x = &a->seats[i];
    if (x->kind == SEAT_EARLY || x->reg == a->loc[x->v]) continue;
    struct move m = assign_move_of(a, x->v, x->reg, a->loc[x->v]);
    VEC_PUSH(a->f->arena, &a->moves, m);
  }
  if (a->moves.len) {
    moves_resolve(&a->mover, a->moves.at, a->moves.len, a->used, &a->between);
    assign_put_moves(a);
  }
  for (uint32_t i = 0; i < p->nseats; i++)
    assign_drop(a, a->seats[i].v);
  for (uint32_t i = 0; i < p->nseats; i++)
    assign_hold(a, a->seats[i].v, a->seats[i].reg);
}

void assign_constrain(struct assigner *a, const struct assign_operand *ops, uint32_t n, uint64_t lost) {
  struct plan p = {.lost = lost};
  a->moves.len = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (!ops[i].phys) continue;
    if (ops[i].use) p.asked |= asked_bit(&ops[i]);
    if (ops[i].def) p.lost |= asked_bit(&ops[i]);
    if (ops[i].def && ops[i].early) p.early |= asked_bit(&ops[i]);
  }
  uint64_t seated = seat_fixed(a, ops, n, &p);
  seat_present(a, ops, n, &p, seated);
  settle_keepers(a, &p);
  settle_others(a, &p);
  move_all(a, &p);
}
