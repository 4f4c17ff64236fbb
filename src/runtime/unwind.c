/* See unwind.h.  A frame is known by the code it runs: the image's tables say whether it has pushed rbp. */
#include "runtime/unwind.h"

#include "abi/arch.h"
#include "stack/chain.h"

static uintptr_t word_at(uintptr_t at) { return *(const uintptr_t *)at; }

/* pc is a return address: the byte before it is inside the call. */
static void locate(struct unwind *u) {
  u->image = code_find(u->pc - 1);
  if (!u->image) return;
  u->off = (uint32_t)(u->pc - (uintptr_t)u->image->base);
  u->inside = u->off - 1;
}

/* As locate; behind a stack's first frame (its return address is in no image: arch_body, or the host's own
 * arch_enter) comes the frame that resumed it. */
static void settle(struct unwind *u) {
  for (locate(u); !u->image; locate(u)) {
    struct stack *up = chain_parent(u->stack);
    if (!up) return; /* the walk is over */
    *u = (struct unwind){.stack = up, .pc = up->pc, .sp = up->sp, .fp = up->fp};
  }
}

/* What a host function has suspended stands in the thunk of the call: that frame is the host's. */
static void leave_thunk(struct unwind *u) {
  if (u->pc != (uintptr_t)arch_host_resumed) return;
  u->pc = word_at(u->fp + 8);
  u->sp = u->fp + 16;
  u->fp = word_at(u->fp);
  u->innermost = false;
}

void unwind_start(struct unwind *u, const struct vm_store *s) {
  *u = (struct unwind){
      .stack = s->cur, .pc = s->cur->pc, .sp = s->cur->sp, .fp = s->cur->fp, .innermost = true};
  leave_thunk(u);
  settle(u); /* finds a faulting pc too: an image begins with padding */
  if (!u->image || !u->innermost || u->stack != s->cur) return;
  uint32_t site = code_site_at(u->image, u->off);
  if (site != UINT32_MAX && u->image->site_kind[site] & CODE_SITE_FAULT) u->inside = u->off;
}

void unwind_start_call(struct unwind *u, struct stack *stack) {
  *u = (struct unwind){.stack = stack, .fp = stack->fp};
  if (stack->sp == stack->fp) { /* the thunk of a host function has a frame of its own */
    u->pc = word_at(stack->fp + 8);
    u->sp = stack->fp + 16;
    u->fp = word_at(stack->fp);
  } else {
    u->pc = word_at(stack->sp);
    u->sp = stack->sp + 8;
  }
  settle(u);
}

void unwind_start_captured(struct unwind *u, struct stack *head, uintptr_t pc) {
  *u = (struct unwind){.stack = head, .pc = pc, .sp = head->sp, .fp = head->fp};
  leave_thunk(u);
  settle(u);
}

void unwind_next(struct unwind *u) {
  /* Only the innermost function can be one that makes no calls and so has no frame. */
  if (u->innermost && u->image->func_flags[code_func_at(u->image, u->inside)] & CODE_FUNC_FRAMELESS) {
    u->pc = word_at(u->sp);
    u->sp += 8;
  } else if (u->fp) {
    u->pc = word_at(u->fp + 8);
    u->sp = u->fp + 16;
    u->fp = word_at(u->fp);
  } else {
    u->pc = 0;
  }
  u->innermost = false;
  settle(u);
}
