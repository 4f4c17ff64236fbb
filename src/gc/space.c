/* Old objects live in blocks of 64 KiB, in whatever lines of 512 bytes are free (after Blackburn and
 * McKinley, "Immix", 2008): promotion bumps through a hole, marking marks lines, a block without marked lines
 * is free.
 *
 * Objects up to a line go into holes; larger ones up to 32 KiB into free blocks, so that they do not skip
 * holes; still larger ones begin a run of free blocks, whose last one keeps its other lines for small
 * objects. A block whose lines hold much garbage between live objects is emptied by the next major
 * collection. Must not: look into objects. */
#include "gc/space.h"

#include "os/vm.h"

enum {
  GROW_BLOCKS = 16,      /* commit at least so many at a time */
  SPARSE_SIZE = 1 << 14, /* garbage between live objects from which on a block is worth emptying */
};

static bool commit_table(void *table, size_t from, size_t to) {
  from = from & ~(vm_page_size() - 1);
  to = vm_page_up(to);
  return vm_commit((uint8_t *)table + from, to - from);
}

bool space_commit(struct gc_heap *h, uint32_t from, uint64_t to) {
  assert(to <= (uint64_t)BLOCK_COUNT << BLOCK_SHIFT);
  uint64_t had = h->committed_aux >> LINE_SHIFT, want = to >> LINE_SHIFT;
  if (want > had) {
    if (!commit_table(h->cards, had, want) || !commit_table(h->lines, had, want) ||
        !commit_table(h->starts, had * 8, want * 8))
      return false;
    h->committed_aux = to;
  }
  return vm_commit(h->base + from, to - from);
}

bool space_reserve(struct gc_heap *h, uint32_t n) {
  while (h->nfree < n) {
    uint32_t have = h->end_block - OLD_FIRST_BLOCK;
    uint32_t step = max_u32(max_u32(n - h->nfree, GROW_BLOCKS), have / 8);
    step = min_u32(step, h->max_block - h->end_block);
    if (step == 0) return false;
    uint64_t from = (uint64_t)h->end_block << BLOCK_SHIFT;
    if (!space_commit(h, (uint32_t)from, from + ((uint64_t)step << BLOCK_SHIFT))) return false;
    memset(h->state + h->end_block, BLOCK_FREE, step);
    h->end_block += step;
    h->nfree += step;
    if (h->flags & GC_POISON) space_poison(h, (uint32_t)from, (uint32_t)from + (step << BLOCK_SHIFT));
  }
  return true;
}

/* A block closes when the next object of up to 32 KiB does not fit, so it is at least half full; two are
 * open. */
uint32_t space_blocks_for(uint32_t size) { return size / (BLOCK_SIZE / 2) + 3; }
uint32_t space_bytes_in(uint32_t nblocks) { return nblocks <= 3 ? 0 : (nblocks - 3) * (BLOCK_SIZE / 2); }

/* The lines that a region did not use are free again, for the next collection to find. */
static void close_region(struct gc_heap *h, struct bump *r) {
  if (r->at != r->end) {
    uint32_t first = line_of(r->at + LINE_SIZE - 1), end = line_of(r->end);
    if (first < end) {
      memset(h->lines + first, 0, end - first);
      h->blocks[block_of(r->at)].used_lines -= end - first;
    }
  }
  *r = (struct bump){0};
}

static void take_lines(struct gc_heap *h, uint32_t line, uint32_t n) {
  memset(h->lines + line, 1, n);
  h->blocks[line / BLOCK_LINES].used_lines += n;
}

static void take_block(struct gc_heap *h, uint32_t block) {
  assert(h->state[block] == BLOCK_FREE && h->blocks[block].used_lines == 0 && h->blocks[block].live == 0);
  h->state[block] = BLOCK_USED;
  h->nfree--;
}

static bool open_free_block(struct gc_heap *h, struct bump *r) {
  if (h->nfree == 0) return false;
  const uint8_t *found = memchr(h->state + h->free_hint, BLOCK_FREE, h->end_block - h->free_hint);
  assert(found);
  uint32_t block = (uint32_t)(found - h->state);
  h->free_hint = block + 1;
  take_block(h, block);
  take_lines(h, block * BLOCK_LINES, BLOCK_LINES);
  *r = (struct bump){block << BLOCK_SHIFT, 0};
  r->end = r->at + BLOCK_SIZE; /* the last block of all is never used: no wrap */
  return true;
}

static bool open_hole(struct gc_heap *h, struct bump *r) {
  for (; h->hole_block < h->end_block; h->hole_block++, h->hole_line = 0) {
    uint32_t block = h->hole_block;
    if (h->state[block] != BLOCK_USED || h->blocks[block].used_lines == BLOCK_LINES) continue;
    const uint8_t *lines = h->lines + block * BLOCK_LINES;
    const uint8_t *found =
        h->hole_line < BLOCK_LINES ? memchr(lines + h->hole_line, 0, BLOCK_LINES - h->hole_line) : NULL;
    if (!found) continue;
    uint32_t first = (uint32_t)(found - lines), end = first + 1;
    while (end < BLOCK_LINES && !lines[end])
      end++;
    h->hole_line = end;
    uint32_t line = block * BLOCK_LINES + first;
    take_lines(h, line, end - first);
    *r = (struct bump){line << LINE_SHIFT, (line + end - first) << LINE_SHIFT};
    return true;
  }
  return false;
}

uint32_t space_alloc(struct gc_heap *h, uint32_t size) {
  assert(size >= OBJECT_ALIGN && size <= OBJECT_INLINE_MAX && size % OBJECT_ALIGN == 0);
  struct bump *r = size <= LINE_SIZE ? &h->small : &h->medium;
  while (r->end - r->at < size) {
    close_region(h, r);
    bool holes = r == &h->small && !h->holes_closed;
    if (!(holes && open_hole(h, r)) && !open_free_block(h, r)) return 0;
  }
  uint32_t ref = r->at;
  r->at += size;
  h->starts[line_of(ref)] |= start_bit(ref);
  return ref;
}

/* First fit; large objects are rare next to what they cost. 0 = none. */
static uint32_t find_run(const struct gc_heap *h, uint32_t n) {
  uint32_t run = 0;
  for (uint32_t block = h->free_hint; block < h->end_block; block++) {
    run = h->state[block] == BLOCK_FREE ? run + 1 : 0;
    if (run == n) return block + 1 - n;
  }
  return 0;
}

/* Commits what the free blocks at the end lack for a run of n. */
static bool grow_run(struct gc_heap *h, uint32_t n) {
  uint32_t tail = 0;
  while (h->end_block - tail > OLD_FIRST_BLOCK && h->state[h->end_block - tail - 1] == BLOCK_FREE)
    tail++;
  return tail >= n || space_reserve(h, h->nfree + (n - tail));
}

uint32_t space_alloc_large(struct gc_heap *h, uint32_t size, uint32_t reserve) {
  uint32_t lines = (uint32_t)(((uint64_t)size + LINE_SIZE - 1) >> LINE_SHIFT);
  uint32_t n = (lines + BLOCK_LINES - 1) / BLOCK_LINES;
  if (n > h->max_block - OLD_FIRST_BLOCK || !space_reserve(h, n + reserve)) return 0;
  uint32_t first = find_run(h, n);
  if (!first) {
    if (!grow_run(h, n)) return 0;
    first = find_run(h, n);
    if (!first) return 0;
  }
  uint32_t ref = first << BLOCK_SHIFT;
  for (uint32_t i = 0; i < n; i++) {
    take_block(h, first + i);
    take_lines(h, (first + i) * BLOCK_LINES, min_u32(lines - i * BLOCK_LINES, BLOCK_LINES));
    h->blocks[first + i].cover = ref;
  }
  h->starts[line_of(ref)] |= start_bit(ref);
  return ref;
}

uint32_t space_object_before(const struct gc_heap *h, uint32_t line) {
  uint32_t first = line / BLOCK_LINES * BLOCK_LINES;
  for (uint32_t i = line; i-- > first;)
    if (h->starts[i]) return (i << LINE_SHIFT) + 8 * (63 - (uint32_t)__builtin_clzll(h->starts[i]));
  return h->blocks[line / BLOCK_LINES].cover;
}

void space_poison(struct gc_heap *h, uint32_t from, uint32_t to) { memset(h->base + from, 0xd5, to - from); }

/* Which blocks to empty: the sparsest first, as many as the free blocks can take in. What the last marking
 * found is an upper bound of what this one will. */
static void choose_blocks(struct gc_heap *h, enum gc_kind kind) {
  bool move_all = kind == GC_FULL && (h->flags & GC_STRESS_MOVE);
  uint32_t room = space_bytes_in(h->nfree), count[BLOCK_SIZE / 4096 + 1] = {0};
  for (uint32_t pass = 0; pass < 2; pass++) {
    uint32_t classes = COUNT_OF(count);
    if (pass == 1) {
      /* The classes of fullness that fit as a whole. */
      classes = 0;
      for (uint32_t left = room; classes < COUNT_OF(count) && count[classes] <= left; classes++)
        left -= count[classes];
    }
    for (uint32_t b = OLD_FIRST_BLOCK; b < h->end_block; b++) {
      const struct block *block = &h->blocks[b];
      if (h->state[b] != BLOCK_USED || block->cover || block->live > BLOCK_SIZE) continue;
      uint32_t garbage = block->used_lines * LINE_SIZE - min_u32(block->live, block->used_lines * LINE_SIZE);
      if (!move_all && (garbage < SPARSE_SIZE || (kind != GC_FULL && block->live > BLOCK_SIZE / 2))) continue;
      uint32_t class = block->live / 4096;
      if (pass == 0)
        count[class] += block->live;
      else if (class < classes)
        h->evacuate[b] = 1;
    }
  }
}

void space_begin_mark(struct gc_heap *h, enum gc_kind kind) {
  close_region(h, &h->small);
  close_region(h, &h->medium);
  memset(h->evacuate, 0, h->end_block);
  choose_blocks(h, kind);
  h->evacuating = memchr(h->evacuate, 1, h->end_block) != NULL;
  h->holes_closed = true;
  for (uint32_t b = OLD_FIRST_BLOCK; b < h->end_block; b++) {
    if (h->state[b] != BLOCK_USED) continue; /* free ones have no marks */
    size_t first = (size_t)b * BLOCK_LINES;
    memset(h->lines + first, 0, BLOCK_LINES);
    memset(h->starts + first, 0, BLOCK_LINES * sizeof *h->starts);
    h->blocks[b].live = 0;
    h->blocks[b].used_lines = 0; /* not kept while marking */
  }
}

void space_mark_lines(struct gc_heap *h, uint32_t ref, uint32_t size) {
  uint32_t first = line_of(ref), last = line_of(ref + size - 1);
  for (uint32_t i = first; i <= last; i++)
    h->lines[i] = 1;
  h->blocks[block_of(ref)].live += size;
}

static uint32_t count_used(const uint8_t *lines) {
  uint64_t sum = 0, word;
  for (uint32_t i = 0; i < BLOCK_LINES; i += 8) {
    memcpy(&word, lines + i, 8);
    sum += word; /* bytes of 0 and 1, 16 times: none overflows */
  }
  return (uint32_t)(sum * UINT64_C(0x0101010101010101) >> 56);
}

static void poison_holes(struct gc_heap *h, uint32_t block) {
  for (uint32_t i = block * BLOCK_LINES; i < (block + 1) * BLOCK_LINES; i++)
    if (!h->lines[i]) space_poison(h, i << LINE_SHIFT, (i << LINE_SHIFT) + LINE_SIZE);
}

/* Free blocks that are not needed before the next major collection give their memory back, highest first. */
static void release_free(struct gc_heap *h) {
  if (h->flags & GC_POISON) return;
  uint64_t keep = (h->next_major > h->old_size ? h->next_major - h->old_size : 0) / BLOCK_SIZE;
  keep += space_blocks_for(h->eden.end - h->eden.at);
  uint32_t kept = 0;
  for (uint32_t b = OLD_FIRST_BLOCK; b < h->end_block; b++) {
    if (h->state[b] != BLOCK_FREE || kept++ < keep) continue;
    uint32_t first = b;
    while (b + 1 < h->end_block && h->state[b + 1] == BLOCK_FREE)
      b++;
    /* Only advice: where it fails the memory stays. */
    (void)!vm_zero(h->base + ((size_t)first << BLOCK_SHIFT), (size_t)(b + 1 - first) << BLOCK_SHIFT);
  }
}

void space_end_mark(struct gc_heap *h) {
  close_region(h, &h->small);
  close_region(h, &h->medium);
  h->holes_closed = h->evacuating = false;
  h->nfree = 0;
  h->old_size = 0;
  h->free_hint = h->hole_block = OLD_FIRST_BLOCK;
  h->hole_line = 0;
  for (uint32_t b = OLD_FIRST_BLOCK; b < h->end_block; b++) {
    struct block *block = &h->blocks[b];
    h->old_size += block->live;
    block->used_lines = count_used(h->lines + (size_t)b * BLOCK_LINES);
    if (block->cover && !has_start(h, block->cover)) block->cover = 0;
    h->state[b] = block->used_lines ? BLOCK_USED : BLOCK_FREE;
    h->nfree += block->used_lines == 0;
    if (h->flags & GC_POISON) poison_holes(h, b);
  }
  h->next_major = h->old_size + max_u64(h->old_size, 32 << 20);
  release_free(h);
}
