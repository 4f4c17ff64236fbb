/* See chain.h. */
#include "stack/chain.h"

/* A wrong chain would lead a guest to a foreign stack: found out in every build. */
static void must(bool fact) {
  if (!fact) __builtin_trap();
}

void chain_unwind(struct vm_store *vm, struct stack_pool *p, struct stack *to) {
  for (struct stack *s = vm->cur; s != to;) {
    struct stack *up = chain_parent(s);
    must(up && s->id != 0 && !stack_is_captured(s));
    vm->cur = up;
    stack_free(p, s);
    s = up;
  }
}

void chain_free(struct stack_pool *p, struct stack *head) {
  must(stack_is_captured(head));
  for (struct stack *s = head, *last = head->last, *up; s; s = up) {
    up = s->parent;
    must(s->id != 0 && (up != NULL) == (s != last));
    stack_free(p, s);
  }
}
