/* The frame of a unit test file: tests are listed once, in main.
 *
 *   START_TEST(adds) { ck_assert(...); } END_TEST
 *   int main(void) { return UNIT_RUN("base/num", adds, divides); }
 *
 * Check forks a process per test, so a crash or a leaked handler stays in its test. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>

#include <signal.h>
#include <stddef.h>

/* In a test's own process: Check's handlers are not for it, and stacks are larger where handlers without
 * SA_ONSTACK are. */
static inline void unit_handlers_reset(void) {
  signal(SIGALRM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
}

static inline int unit_run_suite(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}

static inline int unit_run(const char *name, const TTest *const *tests, size_t count) {
  Suite *suite = suite_create(name);
  for (size_t i = 0; i < count; i++) {
    TCase *tcase = tcase_create(tests[i]->name);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, unit_handlers_reset, NULL);
    tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
  }
  return unit_run_suite(suite);
}

#define UNIT_RUN(name, ...)                                                                                  \
  unit_run(name, (const TTest *const[]){__VA_ARGS__},                                                        \
           sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

/* Whether a child may go on while other threads of its parent allocate. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||     \
    __has_feature(thread_sanitizer)
enum { FORK_WORKS = 0 }; /* a sanitizer's allocator keeps in the child what another thread has locked */
#else
enum { FORK_WORKS = 1 };
#endif

#endif
