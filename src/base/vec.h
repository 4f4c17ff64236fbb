/* Typed growable arrays, on an arena.
 *
 *   VEC(uint32_t) xs = {0};   VEC_PUSH(arena, &xs, 3);   xs.at[i]   xs.len
 *
 * Growth is by a factor and jumps to the arena's on_oom when memory is out; counts are u32 and checked. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/arena.h"

#define VEC(T)                                                                                               \
  struct {                                                                                                   \
    T *at;                                                                                                   \
    uint32_t len, cap;                                                                                       \
  }

/* `v` is evaluated more than once: pass a plain variable's address. */
#define VEC_PUSH(arena, v, value)                                                                            \
  do {                                                                                                       \
    if ((v)->len == (v)->cap)                                                                                \
      (v)->at = vec_grow((arena), (v)->at, &(v)->cap, sizeof(*(v)->at), (v)->len + 1);                       \
    (v)->at[(v)->len++] = (value);                                                                           \
  } while (0)
#define VEC_RESERVE(arena, v, n)                                                                             \
  do {                                                                                                       \
    if ((v)->cap < (n)) (v)->at = vec_grow((arena), (v)->at, &(v)->cap, sizeof(*(v)->at), (n));              \
  } while (0)
/* Empties it and gives its memory back where arena_drop can. */
#define VEC_DROP(arena, v)                                                                                   \
  do {                                                                                                       \
    arena_drop((arena), (v)->at, (v)->cap * sizeof(*(v)->at));                                               \
    (v)->at = NULL;                                                                                          \
    (v)->len = (v)->cap = 0;                                                                                 \
  } while (0)
/* Gives back the room behind its items where arena_trim can. */
#define VEC_TRIM(arena, v)                                                                                   \
  do {                                                                                                       \
    size_t vec_size = (v)->cap * sizeof(*(v)->at);                                                           \
    (v)->at = arena_trim((arena), (v)->at, &vec_size, (v)->len * sizeof(*(v)->at));                          \
    (v)->cap = (uint32_t)(vec_size / sizeof(*(v)->at));                                                      \
  } while (0)
#define VEC_POP(v)  ((v)->at[--(v)->len])
#define VEC_LAST(v) ((v)->at[(v)->len - 1])

/* Gives room for at least `need` items (doubling, while it is small); new room is not zeroed. */
void *vec_grow(struct arena *a, void *at, uint32_t *cap, size_t item, uint32_t need);

#endif
