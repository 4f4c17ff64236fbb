/* Code images: placement, look-ups, constants, files, and that code is never writable and executable,
 * constants neither of the two. */
#include "base/alloc.h"
#include "os/thread.h"
#include "os/vm.h"
#include "runtime/code.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* mov eax, n; ret */
#define RETURNS(n)                                                                                           \
  { 0xb8, n, 0, 0, 0, 0xc3 }
/* call rel32; inc eax; ret */
#define CALLS                                                                                                \
  { 0xe8, 0, 0, 0, 0, 0xff, 0xc0, 0xc3 }

static uint8_t seven[] = RETURNS(7), nine[] = RETURNS(9), calls[] = CALLS;

static struct code_image *publish(void) {
  static struct code_reloc reloc = {.off = 1, .index = 12, .kind = RELOC_CALL};
  static struct code_site sites[] = {{.off = 5, .wasm_off = 50},
                                     {.off = 7, .wasm_off = 70, .trap = 3, .is_fault = 1}};
  struct code codes[3] = {{.bytes = seven, .size = sizeof seven, .align = 16, .frameless = true},
                          {.bytes = calls,
                           .size = sizeof calls,
                           .align = 32,
                           .relocs = &reloc,
                           .nrelocs = 1,
                           .sites = sites,
                           .nsites = 2},
                          {.bytes = nine, .size = sizeof nine, .align = 16}};
  struct error e = ERROR_INIT;
  struct code_image *image;
  if (!code_publish(codes, 3, 10, NULL, &image, &e)) ck_abort_msg("%s", e.message);
  return image;
}

static int run(const struct code_image *image, uint32_t func) {
  int (*f)(void);
  const uint8_t *at = code_image_func(image, func);
  memcpy(&f, &at, sizeof f);
  return f();
}

static void check_image(const struct code_image *image) {
  ck_assert_int_eq(run(image, 10), 7);
  ck_assert_int_eq(run(image, 11), 10);
  ck_assert_int_eq(run(image, 12), 9);
  ck_assert_uint_eq(image->func_off[1] % 32, 0);
  for (uint32_t i = 0; i < 3; i++) {
    ck_assert_uint_ge(image->func_off[i], 1); /* padding before each */
    ck_assert_uint_eq(image->base[image->func_off[i] - 1], 0xcc);
    ck_assert_uint_eq(code_func_at(image, image->func_off[i]), i);
    ck_assert_uint_eq(code_func_at(image, image->func_off[i + 1] - 1), i);
    ck_assert_ptr_eq(code_find((uintptr_t)image->base + image->func_off[i]), image);
  }
  ck_assert_uint_eq(image->func_flags[0], CODE_FUNC_FRAMELESS);
  ck_assert_uint_eq(image->func_flags[1], 0);
  uint32_t site = code_site_at(image, image->func_off[1] + 7);
  ck_assert_uint_ne(site, UINT32_MAX);
  ck_assert_uint_eq(image->site_wasm[site], 70);
  ck_assert_uint_eq(image->site_kind[site], 3 | CODE_SITE_FAULT);
  site = code_site_at(image, image->func_off[1] + 5);
  ck_assert_uint_eq(image->site_wasm[site], 50);
  ck_assert_uint_eq(image->site_kind[site], 0);
  ck_assert_uint_eq(code_site_at(image, image->func_off[1] + 6), UINT32_MAX);
  ck_assert_uint_eq(code_site_at(image, image->func_off[1] + 8), UINT32_MAX);
  ck_assert_uint_eq(code_site_at(image, 0), UINT32_MAX);
}

static void no_page_is_writable_and_executable(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  ck_assert_ptr_nonnull(maps);
  char line[500], access[8];
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%*s %7s", access) == 1)
      ck_assert_msg(!(access[1] == 'w' && access[2] == 'x'), "%s", line);
  fclose(maps);
}

START_TEST(images_run_and_are_found) {
  struct code_image *images[40];
  for (size_t i = 0; i < COUNT_OF(images); i++)
    images[i] = publish();
  for (size_t i = 0; i < COUNT_OF(images); i++)
    check_image(images[i]);
  no_page_is_writable_and_executable();
  uintptr_t gone = (uintptr_t)images[3]->base + 16;
  code_image_ref(images[3]);
  code_image_unref(images[3]);
  ck_assert_ptr_nonnull(code_find(gone));
  for (size_t i = 0; i < COUNT_OF(images); i++)
    code_image_unref(images[i]);
  ck_assert_ptr_null(code_find(gone));
  ck_assert_ptr_null(code_find((uintptr_t)&gone));
  ck_assert_ptr_null(code_find(0));
  for (int i = 0; i < 200000; i++)
    code_image_unref(publish()); /* more than the range has room for at once */
}
END_TEST

/* Images around others, large enough for large pages or not: each runs, and none is lost when its neighbours
 * go.
 */
START_TEST(large_images) {
  enum { SIZE = 1 << 20, ROUNDS = 3 };
  uint8_t *bytes = calloc(5, SIZE);
  struct code_image *images[ROUNDS][5];
  ck_assert_ptr_nonnull(bytes);
  memset(bytes, 0xcc, (size_t)5 * SIZE);
  memcpy(bytes, seven, sizeof seven);
  for (int r = 0; r < ROUNDS; r++)
    for (uint32_t i = 0; i < 5; i++) {
      struct code codes[2] = {{.bytes = bytes, .size = i * SIZE + sizeof seven, .align = 16},
                              {.bytes = nine, .size = sizeof nine, .align = 16}};
      struct error e = ERROR_INIT;
      if (!code_publish(codes, 2, 0, NULL, &images[r][i], &e)) ck_abort_msg("%s", e.message);
    }
  no_page_is_writable_and_executable();
  for (int r = 0; r < ROUNDS; r++) {
    for (int k = r; k < ROUNDS; k++)
      for (uint32_t i = 0; i < 5; i++) {
        ck_assert_int_eq(run(images[k][i], 0), 7);
        ck_assert_int_eq(run(images[k][i], 1), 9);
        ck_assert_ptr_eq(code_find((uintptr_t)images[k][i]->base + i * SIZE), images[k][i]);
        ck_assert(i == 0 || (uintptr_t)images[k][i]->base % VM_LARGE_PAGE == 0);
      }
    for (uint32_t i = 0; i < 5; i++)
      code_image_unref(images[r][i]);
  }
  free(bytes);
}
END_TEST

START_TEST(empty_image) {
  struct error e = ERROR_INIT;
  struct code_image *image;
  ck_assert(code_publish(NULL, 0, 0, NULL, &image, &e));
  code_image_unref(image);
}
END_TEST

START_TEST(images_go_through_files) {
  char path[] = "/tmp/heddle-test-code-XXXXXX";
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  struct code_image *image = publish();
  struct gather g;
  gather_init(&g);
  gather_bytes(&g, "something before", 16);
  code_image_save(image, &g);
  ck_assert(gather_end(&g));
  uint8_t *saved = gather_join(&g);
  ck_assert_ptr_nonnull(saved);
  ck_assert_int_eq(write(fd, saved, g.len), (ssize_t)g.len);
  code_image_unref(image);
  struct error e = ERROR_INIT;
  struct slice all = {saved + 4096, g.len - 4096};
  if (!code_image_map(fd, 4096, all, NULL, &image, &e)) ck_abort_msg("%s", e.message);
  check_image(image);
  no_page_is_writable_and_executable();
  code_image_unref(image);
  for (size_t len = 0; len < all.len; len += 61) {
    e = (struct error)ERROR_INIT;
    ck_assert(!code_image_map(fd, 4096, (struct slice){all.data, len}, NULL, &image, &e));
    ck_assert(e.kind == ERROR_MALFORMED);
  }
  mem_free(saved);
  gather_free(&g);
  close(fd);
  unlink(path);
}
END_TEST

/* mov rax, [rip + rel32]; ret */
static uint8_t loads[] = {0x48, 0x8b, 0x05, 0xfc, 0xff, 0xff, 0xff, 0xc3};
static uint64_t three[] = {1, 2, UINT64_C(0x1122334455667788)}, one[] = {UINT64_C(0x99aabbccddeeff00)};

static uint64_t run64(const struct code_image *image, uint32_t func) {
  uint64_t (*f)(void);
  const uint8_t *at = code_image_func(image, func);
  memcpy(&f, &at, sizeof f);
  return f();
}

static void check_constants(const struct code_image *image) {
  unsigned long begin, end;
  char line[500], access[8] = "";
  ck_assert_uint_eq(run64(image, 0), three[2]);
  ck_assert_int_eq(run(image, 1), 7);
  ck_assert_uint_eq(run64(image, 2), one[0]);
  ck_assert_uint_eq(image->consts_size, 32 + 16);
  ck_assert_mem_eq(image->consts, three, sizeof three);
  ck_assert_mem_eq(image->consts + 32, one, sizeof one); /* aligned again */
  ck_assert_ptr_null(code_find((uintptr_t)image->consts));
  FILE *maps = fopen("/proc/self/maps", "r");
  ck_assert_ptr_nonnull(maps);
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &begin, &end, access) == 3 &&
        (uintptr_t)image->consts - begin < end - begin)
      break;
  fclose(maps);
  ck_assert_str_eq(access, "r--p");
}

START_TEST(constants_stand_apart) {
  struct code_reloc last = {.off = 3, .index = 2, .kind = RELOC_CONST},
                    first = {.off = 3, .kind = RELOC_CONST};
  struct code codes[] = {
      {.bytes = loads, .size = sizeof loads, .consts = three, .nconsts = 3, .relocs = &last, .nrelocs = 1},
      {.bytes = seven, .size = sizeof seven},
      {.bytes = loads, .size = sizeof loads, .consts = one, .nconsts = 1, .relocs = &first, .nrelocs = 1}};
  struct error e = ERROR_INIT;
  struct code_image *image;
  ck_assert(code_publish(codes, 3, 0, NULL, &image, &e));
  check_constants(image);
  char path[] = "/tmp/heddle-test-code-XXXXXX";
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  unlink(path);
  struct gather g;
  gather_init(&g);
  code_image_save(image, &g);
  ck_assert(gather_end(&g));
  uint8_t *saved = gather_join(&g);
  struct slice all = slice_of(saved, g.len);
  gather_free(&g);
  code_image_unref(image);
  ck_assert_ptr_nonnull(saved);
  ck_assert_int_eq(write(fd, saved, all.len), (ssize_t)all.len);
  ck_assert(code_image_map(fd, 0, all, NULL, &image, &e));
  check_constants(image);
  no_page_is_writable_and_executable();
  code_image_unref(image);
  /* Sizes of code and constants that are too large for the file, for an image, or for 64 bits. */
  static const uint64_t sizes[] = {
      0, 4095, 4097, 8192, 1 << 20, INT32_MAX, INT64_MAX, UINT64_MAX - 4095, UINT64_MAX};
  for (size_t off = 16; off < 32; off += 8)
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
      uint64_t was;
      memcpy(&was, saved + off, 8);
      memcpy(saved + off, &sizes[i], 8);
      e = (struct error)ERROR_INIT;
      if (off == 16 || sizes[i] == 0 || sizes[i] > 4096) {
        ck_assert(!code_image_map(fd, 0, all, NULL, &image, &e));
        ck_assert(e.kind == ERROR_MALFORMED);
      }
      memcpy(saved + off, &was, 8);
    }
  mem_free(saved);
  close(fd);
}
END_TEST

/* What an instruction cannot reach is refused. */
START_TEST(too_large) {
  const size_t size = (size_t)1 << 30;
  uint8_t *zeros = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ck_assert_ptr_ne(zeros, MAP_FAILED);
  struct code_image *image;
  struct error e = ERROR_INIT;
  struct code whole = {.bytes = zeros, .size = 1u << 30}, half = {.bytes = zeros, .size = 1u << 29};
  struct code codes[] = {whole, half, {.bytes = seven, .size = sizeof seven}};
  ck_assert(code_image_prepare(codes, 3, 0, NULL, &image, &e));
  code_image_discard(image);
  codes[2].nconsts = 1u << 25;
  ck_assert(code_image_prepare(codes, 3, 0, NULL, &image, &e));
  code_image_discard(image);
  codes[2].nconsts = 1u << 26; /* together they are 2 GiB */
  ck_assert(!code_image_prepare(codes, 3, 0, NULL, &image, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  e = (struct error)ERROR_INIT;
  codes[2] = whole;
  ck_assert(!code_image_prepare(codes, 3, 0, NULL, &image, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  e = (struct error)ERROR_INIT;
  codes[0].nconsts = codes[1].nconsts = codes[2].nconsts = UINT32_MAX;
  ck_assert(!code_publish(codes, 3, 0, NULL, &image, &e));
  ck_assert(e.kind == ERROR_LIMIT);
  munmap(zeros, size);
}
END_TEST

static _Atomic bool stop;
static void publish_always(void *unused) {
  (void)unused;
  while (!stop)
    code_image_unref(publish());
}

START_TEST(forked_children_publish_too) {
  struct thread t;
  code_image_unref(publish());
  ck_assert(thread_start(&t, publish_always, NULL, 0, false));
  for (int i = 0; i < 100; i++) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20); /* a lock that nobody holds would be waited for without end */
      struct code_image *image = publish();
      _exit(run(image, 12) == 9 ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
  }
  stop = true;
  thread_join(&t);
}
END_TEST

int main(void) {
  return UNIT_RUN("runtime/code", images_run_and_are_found, large_images, empty_image,
                  images_go_through_files, constants_stand_apart, too_large, forked_children_publish_too);
}
