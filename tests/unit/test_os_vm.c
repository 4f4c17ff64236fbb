/* Pages: reserve, commit, protect, and code that runs but cannot be written. */
#include "base/alloc.h"
#include "os/vm.h"

#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

START_TEST(reserves_aligned_and_commits_zeroed) {
  size_t page = vm_page_size();
  for (size_t align = 0; align <= (size_t)1 << 30; align = align ? align * 8 : page) {
    uint8_t *at = vm_reserve(16 * page, align);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq((uintptr_t)at & ((align ? align : page) - 1), 0);
    ck_assert(vm_commit(at + page, 2 * page));
    for (size_t i = 0; i < 2 * page; i++)
      if (at[page + i] != 0) ck_abort_msg("not zero");
    memset(at + page, 0xff, 2 * page);
    ck_assert(vm_zero(at + page, page));
    ck_assert(at[page] == 0 && at[2 * page] == 0xff);
    ck_assert(vm_decommit(at + 2 * page, page) && vm_commit(at + 2 * page, page));
    ck_assert_uint_eq(at[2 * page], 0);
    vm_release(at, 16 * page);
  }
  uint8_t *large = vm_reserve((size_t)1 << 38, 0); /* address space only, so it does not count as memory */
  ck_assert_ptr_nonnull(large);
  vm_release(large, (size_t)1 << 38);
  ck_assert_ptr_null(vm_reserve((size_t)1 << 60, 0));
}
END_TEST

START_TEST(runs_published_code) {
  size_t page = vm_page_size();
  uint8_t *code = vm_reserve(page, 0);
  ck_assert(vm_commit(code, page));
  static const uint8_t mov_eax_42_ret[] = {0xb8, 42, 0, 0, 0, 0xc3};
  memcpy(code, mov_eax_42_ret, sizeof mov_eax_42_ret);
  ck_assert(vm_protect(code, page, VM_ACCESS_READ_EXEC));
  int (*function)(void);
  memcpy(&function, &code, sizeof code);
  ck_assert_int_eq(function(), 42);
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  while (fgets(line, sizeof line, maps))
    ck_assert_ptr_null(strstr(line, " rwx"));
  fclose(maps);
  signal(SIGSEGV, SIG_DFL); /* a sanitizer has its own */
  code[0] = 0;              /* faults: the test expects SIGSEGV */
  vm_release(code, page);
}
END_TEST

START_TEST(reserved_pages_fault) {
  volatile uint8_t *at = vm_reserve(vm_page_size(), 0);
  ck_assert_ptr_nonnull((const void *)(uintptr_t)at);
  signal(SIGSEGV, SIG_DFL);
  (void)at[0];
}
END_TEST

START_TEST(mappings_count_as_allocations) {
  size_t page = vm_page_size();
  alloc_fail_after(0, false);
  ck_assert_ptr_null(vm_reserve(page, 0));
  uint8_t *at = vm_reserve(page, 0);
  ck_assert_ptr_nonnull(at);
  alloc_fail_after(0, true);
  ck_assert(!vm_commit(at, page));
  ck_assert(!vm_protect(at, page, VM_ACCESS_READ));
  alloc_fail_after(-1, false);
  ck_assert(vm_commit(at, page));
  vm_release(at, page);
}
END_TEST

START_TEST(large_pages_are_blocks) {
  const struct arena_source *source = &vm_large_pages;
  for (int64_t n = 0; n < 2; n++) {
    alloc_fail_after(n, false);
    ck_assert_ptr_null(source->take());
  }
  alloc_fail_after(-1, false);
  uint8_t *at = source->take();
  ck_assert_ptr_nonnull(at);
  ck_assert_uint_eq((uintptr_t)at % source->size, 0);
  ck_assert(at[0] == 0 && at[source->size - 1] == 0);
  memset(at, 1, source->size);
  source->give(at);
}
END_TEST

START_TEST(filled_blocks_are_of_the_heap) {
  const size_t large = VM_LARGE_PAGE;
  ck_assert_uint_eq(vm_large_size(VM_LARGE_FROM - 1), 0);
  ck_assert_uint_eq(vm_large_size(VM_LARGE_FROM), large);
  ck_assert_uint_eq(vm_large_size(large + VM_LARGE_FROM - 1), large);
  ck_assert_uint_eq(vm_large_size(large + VM_LARGE_FROM), 2 * large);
  const size_t sizes[] = {0, 1, VM_LARGE_FROM, large, large + 1, 2 * large - 1, 5 * large};
  for (size_t i = 0; i < COUNT_OF(sizes); i++) {
    alloc_fail_after(0, false);
    ck_assert_ptr_null(vm_alloc_filled(sizes[i]));
    uint8_t *at = vm_alloc_filled(sizes[i]);
    ck_assert_ptr_nonnull(at);
    memset(at, 1, sizes[i]);
    at = mem_realloc(at, sizes[i] + 100, 1);
    ck_assert_ptr_nonnull(at);
    for (size_t k = 0; k < sizes[i]; k += 1000)
      ck_assert_uint_eq(at[k], 1);
    mem_free(at);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("os/vm");
  TCase *plain = tcase_create("plain"), *faulting = tcase_create("faulting");
  tcase_add_test(plain, reserves_aligned_and_commits_zeroed);
  tcase_add_test(plain, mappings_count_as_allocations);
  tcase_add_test(plain, large_pages_are_blocks);
  tcase_add_test(plain, filled_blocks_are_of_the_heap);
  tcase_add_test_raise_signal(faulting, runs_published_code, SIGSEGV);
  tcase_add_test_raise_signal(faulting, reserved_pages_fault, SIGSEGV);
  suite_add_tcase(suite, plain);
  suite_add_tcase(suite, faulting);
  return unit_run_suite(suite);
}
