/* $names to indices: one scope for each index space, a stack of scopes for labels.
 *
 * In: names as the lexer resolved them.  Out: indices; a second binding of a name is an error of the caller.
 * Every operation takes constant time, whatever the nesting.  Must not: know what the indices mean. */
#ifndef TEXT_IDS_H
#define TEXT_IDS_H

#include "base/map.h"
#include "base/vec.h"

/* An index space. `len` counts the indices given out, named or not. */
struct ids {
  struct map map;
  const char *noun; /* "func", "local": for messages */
  uint32_t len;
};

void ids_init(struct ids *ids, struct arena *a, const char *noun);
/* Gives out the next index. False when `name` (empty: none) stands already. */
MUST_USE bool ids_add(struct ids *ids, struct slice name);
MUST_USE bool ids_find(const struct ids *ids, struct slice name, uint32_t *index);

/* Labels in scope, innermost last; an inner label hides an outer one of the same name. */
struct label {
  struct slice name; /* len 0: none */
  uint32_t hidden;   /* position + 1 of the label that this one hides, 0 = none */
};
struct labels {
  struct map map; /* name -> position + 1 in the stack; 0 = out of scope */
  VEC(struct label) stack;
};

void labels_init(struct labels *l, struct arena *a);
void labels_push(struct labels *l, struct slice name);
void labels_pop(struct labels *l);
/* Depth from the innermost, 0. */
MUST_USE bool labels_find(const struct labels *l, struct slice name, uint32_t *depth);

#endif
