/* Code areas: constants of functions that come one by one. They stay right while more come, when memory is
 * out in between, and through a file; none is on an executable page, full pages are not writable. */
#include "runtime/code_area.h"

#include "base/alloc.h"
#include "wasm/module.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FUNCS = 60, MOST_CONSTS = 900, PAGE = 4096 };

/* mov rax, [rip + rel32]; ret */
static const uint8_t loads[] = {0x48, 0x8b, 0x05, 0xfc, 0xff, 0xff, 0xff, 0xc3};
static const struct module module = {.nfuncs = FUNCS, .bytes = {.len = 200000}};

static uint64_t value_of(uint32_t func) { return UINT64_C(0x0101010101010101) * (func + 1); }

/* Function i returns the last of its constants, between none (then it is no function) and three pages. */
static bool add(struct code_image *image, uint32_t func, uint32_t nconsts, struct error *e) {
  static uint64_t consts[10 * MOST_CONSTS];
  uint8_t bytes[sizeof loads];
  struct code_reloc reloc = {.off = 3, .index = nconsts - 1, .kind = RELOC_CONST};
  struct code code = {.bytes = bytes,
                      .size = sizeof bytes,
                      .consts = consts,
                      .nconsts = nconsts,
                      .relocs = &reloc,
                      .nrelocs = 1,
                      .frameless = true};
  memcpy(bytes, loads, sizeof loads);
  ck_assert_uint_le(nconsts, COUNT_OF(consts));
  for (uint32_t i = 0; i < nconsts; i++)
    consts[i] = value_of(func);
  return code_area_add(image->area, func, &code, e);
}

static const uint8_t *const_of(const struct code_image *image, uint32_t func) {
  int32_t rel;
  const uint8_t *at = code_image_func(image, func);
  memcpy(&rel, at + 3, 4);
  return at + 7 + rel;
}

static void check(const struct code_image *image, uint32_t nfuncs) {
  for (uint32_t i = 0; i < nfuncs; i++) {
    uint64_t (*f)(void);
    const uint8_t *at = code_image_func(image, i);
    memcpy(&f, &at, sizeof f);
    ck_assert_uint_eq(f(), value_of(i));
    ck_assert_ptr_nonnull(code_find((uintptr_t)at));
    ck_assert_ptr_null(code_find((uintptr_t)const_of(image, i)));
  }
}

/* The access of the page in /proc/self/maps. */
static void access_of(const void *page, char access[8]) {
  unsigned long begin, end;
  char line[500];
  FILE *maps = fopen("/proc/self/maps", "r");
  ck_assert_ptr_nonnull(maps);
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &begin, &end, access) == 3 && (uintptr_t)page - begin < end - begin)
      break;
  fclose(maps);
}

/* Only the page of the newest constants may be written. */
static void check_access(const struct code_image *image, uint32_t nfuncs) {
  char access[8] = "";
  uintptr_t lowest = UINTPTR_MAX;
  for (uint32_t i = 0; i < nfuncs; i++)
    lowest = (uintptr_t)const_of(image, i) < lowest ? (uintptr_t)const_of(image, i) : lowest;
  for (uint32_t i = 0; i < nfuncs; i++) {
    const uint8_t *at = const_of(image, i);
    access_of(at, access);
    if ((uintptr_t)at / PAGE > lowest / PAGE)
      ck_assert_str_eq(access, "r--p");
    else
      ck_assert_int_ne(access[2], 'x');
  }
}

static uint32_t nconsts_of(uint32_t func) { return 1 + func * 97 % MOST_CONSTS; }

START_TEST(constants_come_one_by_one) {
  struct error e = ERROR_INIT;
  struct code_image *image;
  ck_assert(code_area_new(&module, &image, &e));
  for (uint32_t i = 0; i < FUNCS / 2; i++) {
    ck_assert(add(image, i, nconsts_of(i), &e));
    ck_assert(add(image, i, 1, &e)); /* the first stays */
    check(image, i + 1);
  }
  check_access(image, FUNCS / 2);

  char path[] = "/tmp/heddle-test-area-XXXXXX";
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  unlink(path);
  struct gather g;
  gather_init(&g);
  code_area_save(image->area, &g);
  ck_assert(gather_end(&g));
  uint8_t *saved = gather_join(&g);
  struct slice all = slice_of(saved, g.len);
  gather_free(&g);
  code_image_unref(image);
  ck_assert_ptr_nonnull(saved);
  ck_assert_int_eq(write(fd, saved, all.len), (ssize_t)all.len);
  ck_assert(code_area_map(fd, 0, all, &module, &image, &e));
  check(image, FUNCS / 2);
  check_access(image, FUNCS / 2);
  for (uint32_t i = FUNCS / 2; i < FUNCS; i++)
    ck_assert(add(image, i, nconsts_of(i), &e));
  check(image, FUNCS);
  check_access(image, FUNCS);
  code_image_unref(image);

  static const uint64_t sizes[] = {
      0, 1, PAGE, 8 * PAGE, 1 << 20, INT32_MAX, INT64_MAX, UINT64_MAX - PAGE + 1, UINT64_MAX};
  for (size_t off = 24; off < 40; off += 8)
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      uint64_t was;
      memcpy(&was, saved + off, 8);
      memcpy(saved + off, &sizes[i], 8);
      e = (struct error)ERROR_INIT;
      ck_assert_uint_ne(was, sizes[i]);
      ck_assert(!code_area_map(fd, 0, all, &module, &image, &e));
      ck_assert(e.kind == ERROR_MALFORMED);
      memcpy(saved + off, &was, 8);
    }
  mem_free(saved);
  close(fd);
}
END_TEST

START_TEST(without_memory) {
  struct error e = ERROR_INIT;
  struct code_image *image;
  unsigned nfailed = 0;
  ck_assert(code_area_new(&module, &image, &e));
  for (uint32_t i = 0; i < FUNCS; i++) {
    for (int64_t n = 0; n < 12; n++) {
      alloc_fail_after(n, false);
      bool ok = add(image, i, nconsts_of(i), &e);
      alloc_fail_after(-1, false);
      nfailed += !ok;
      if (ok) break;
    }
    ck_assert(add(image, i, 1, &e));
    check(image, i + 1);
  }
  ck_assert_uint_ge(nfailed, 3 * FUNCS); /* image, tables, access of the code's pages */
  check_access(image, FUNCS - 1);
  code_image_unref(image);
}
END_TEST

START_TEST(room_ends) {
  static const struct module small = {.nfuncs = FUNCS, .bytes = {.len = 100}};
  struct error e = ERROR_INIT;
  struct code_image *image;
  ck_assert(code_area_new(&small, &image, &e));
  uint32_t n = 0;
  while (n < FUNCS && add(image, n, 10 * MOST_CONSTS, &e))
    n++;
  ck_assert_uint_ge(n, 1);
  ck_assert_uint_lt(n, FUNCS);
  ck_assert(e.kind == ERROR_LIMIT);
  check(image, n);
  e = (struct error)ERROR_INIT;
  while (n < FUNCS && add(image, n, 1, &e)) /* small ones still have some */
    n++;
  check(image, n);
  check_access(image, n);
  code_image_unref(image);
}
END_TEST

int main(void) { return UNIT_RUN("runtime/code_area", constants_come_one_by_one, without_memory, room_ends); }
