/* Modules made to be slow or large to judge: each must be judged in less than two seconds of CPU time and
 * without more than 512 MiB of memory, whether it is valid or not. */
#include "module_bytes.h"
#include "unit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX_MIB = 512, MAX_SECONDS = 2 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWER = 20, SANITIZED = true };
#else
enum { SLOWER = 1, SANITIZED = false };
#endif

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Judges within the bounds; checks the verdict. */
static struct judged judge_bounded(struct module_bytes *b, bool valid) {
  size_t size = b->out.len;
  ck_assert(buf_ok(&b->out));
  double start = cpu_seconds();
  struct judged j = judge(b);
  double seconds = cpu_seconds() - start;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  ck_assert_msg(j.ok == valid, "%zu bytes: %s", size, j.ok ? "valid" : j.error.message);
  ck_assert_msg(seconds < MAX_SECONDS * SLOWER, "%zu bytes took %.2f s", size, seconds);
  /* The module's own bytes are the test's, in a buffer that doubles. */
  if (!SANITIZED)
    ck_assert_msg(usage.ru_maxrss / 1024 < MAX_MIB + (long)(size >> 19), "%ld MiB", usage.ru_maxrss / 1024);
  return j;
}

/* Types, and `nfuncs` functions of type 0; leaves the code section open. */
static void funcs_begin(struct module_bytes *b, uint32_t nfuncs) {
  section_begin(b, 3);
  buf_uleb(&b->out, nfuncs);
  for (uint32_t i = 0; i < nfuncs; i++)
    buf_u8(&b->out, 0);
  section_end(b);
  section_begin(b, 10);
  buf_uleb(&b->out, nfuncs);
}

static void one_func_begin(struct module_bytes *b, const char *params, const char *results) {
  module_begin(b);
  section_begin(b, 1);
  buf_uleb(&b->out, 1);
  put_functype(b, params, results);
  section_end(b);
  funcs_begin(b, 1);
  body_begin(b);
  buf_u8(&b->out, 0); /* no locals */
}

static void one_func_end(struct module_bytes *b) {
  body_end(b);
  section_end(b);
}

static void fill(struct module_bytes *b, const char *bytes, size_t n, uint32_t times) {
  for (uint32_t i = 0; i < times; i++)
    put(b, bytes, n);
}
#define FILL(b, literal, times) fill((b), (literal), sizeof(literal) - 1, (times))

START_TEST(nested_blocks) {
  struct module_bytes b;
  one_func_begin(&b, "", "");
  FILL(&b, "\x02\x40", 49998);
  FILL(&b, "\x0b", 49998);
  one_func_end(&b);
  judge_bounded(&b, true);
  one_func_begin(&b, "", "");
  FILL(&b, "\x03\x40", 2500000);
  FILL(&b, "\x0b", 2500000);
  one_func_end(&b);
  ck_assert_int_eq(judge_bounded(&b, false).error.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(many_branches) {
  struct module_bytes b;
  one_func_begin(&b, "", "");
  PUT(&b, "\x02\x40");
  FILL(&b, "\x41\x00\x0d\x00", 1000000);
  PUT(&b, "\x0b");
  one_func_end(&b);
  judge_bounded(&b, true);
}
END_TEST

START_TEST(many_operands) {
  struct module_bytes b;
  one_func_begin(&b, "", "");
  FILL(&b, "\x41\x00", 3800000);
  PUT(&b, "\x00");
  one_func_end(&b);
  judge_bounded(&b, true);
}
END_TEST

/* 50,000 locals in each of many functions, each group a few bytes. */
START_TEST(many_locals) {
  struct module_bytes b;
  module_begin(&b);
  section_begin(&b, 1);
  PUT(&b, "\x01\x60\x00\x00");
  section_end(&b);
  funcs_begin(&b, 100000);
  for (uint32_t i = 0; i < 100000; i++) {
    body_begin(&b);
    PUT(&b, "\x01\xd0\x86\x03\x7f\x20\xcf\x86\x03\x1a"); /* 50,000 i32; local.get 49999; drop */
    body_end(&b);
  }
  section_end(&b);
  judge_bounded(&b, true);
  /* Alternating types: one run each, found by bisection. */
  one_func_begin(&b, "", "");
  b.out.len--;
  PUT(&b, "\xd0\x86\x03");
  FILL(&b, "\x01\x7f\x01\x7e", 25000);
  FILL(&b, "\x20\xcf\x86\x03\x1a", 1000000);
  one_func_end(&b);
  judge_bounded(&b, true);
  one_func_begin(&b, "", "");
  b.out.len--;
  PUT(&b, "\x01\xd1\x86\x03\x7f");
  one_func_end(&b);
  ck_assert_int_eq(judge_bounded(&b, false).error.kind, ERROR_MALFORMED);
}
END_TEST

static void put_br_table(struct module_bytes *b, uint32_t labels, uint32_t first, uint32_t last) {
  PUT(b, "\x0e");
  buf_uleb(&b->out, labels);
  for (uint32_t i = 0; i < labels; i++)
    buf_uleb(&b->out, first + i % (last - first));
  buf_uleb(&b->out, first);
}

START_TEST(huge_br_table) {
  struct module_bytes b;
  one_func_begin(&b, "", "");
  PUT(&b, "\x41\x00");
  put_br_table(&b, 7600000, 0, 1);
  one_func_end(&b);
  judge_bounded(&b, true);
  /* Every label of a deep nest, again and again. */
  one_func_begin(&b, "", "");
  FILL(&b, "\x02\x40", 16000);
  for (uint32_t i = 0; i < 200; i++) {
    PUT(&b, "\x41\x00");
    put_br_table(&b, 16000, 0, 16000);
  }
  FILL(&b, "\x0b", 16000);
  one_func_end(&b);
  judge_bounded(&b, true);
}
END_TEST

static void put_wide_types(struct module_bytes *b, uint32_t width) {
  static char wide[1001];
  memset(wide, 'i', width);
  wide[width] = 0;
  section_begin(b, 1);
  buf_uleb(&b->out, 4);
  put_functype(b, "", "");
  put_functype(b, wide, wide);
  put_functype(b, "", wide);
  put_functype(b, "", wide);
  section_end(b);
}

/* Two bytes that move two thousand operands. */
START_TEST(wide_calls) {
  struct module_bytes b;
  module_begin(&b);
  put_wide_types(&b, 1000);
  section_begin(&b, 3);
  PUT(&b, "\x03\x00\x01\x02");
  section_end(&b);
  section_begin(&b, 10);
  PUT(&b, "\x03");
  body_begin(&b);
  PUT(&b, "\x00\x10\x02");
  FILL(&b, "\x10\x01", 1000000);
  PUT(&b, "\x00");
  body_end(&b);
  for (uint32_t i = 0; i < 2; i++) {
    body_begin(&b);
    PUT(&b, "\x00\x00");
    body_end(&b);
  }
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

/* Calls whose results nobody takes: the operand stack would need gigabytes. */
START_TEST(wide_results) {
  struct module_bytes b;
  module_begin(&b);
  put_wide_types(&b, 1000);
  section_begin(&b, 3);
  PUT(&b, "\x02\x00\x02");
  section_end(&b);
  section_begin(&b, 10);
  PUT(&b, "\x02");
  body_begin(&b);
  PUT(&b, "\x00");
  FILL(&b, "\x10\x01", 3800000);
  PUT(&b, "\x00");
  body_end(&b);
  body_begin(&b);
  PUT(&b, "\x00\x00");
  body_end(&b);
  section_end(&b);
  ck_assert_int_eq(judge_bounded(&b, false).error.kind, ERROR_LIMIT);
}
END_TEST

/* Nested blocks of 1000 results of two types in turn, under br_tables that name all of them. */
START_TEST(wide_labels) {
  struct module_bytes b;
  module_begin(&b);
  put_wide_types(&b, 1000);
  funcs_begin(&b, 1);
  body_begin(&b);
  PUT(&b, "\x00");
  FILL(&b, "\x02\x02\x02\x03", 2000);
  for (uint32_t i = 0; i < 250; i++) {
    PUT(&b, "\x00\x41\x00");
    put_br_table(&b, 4000, 0, 4000);
  }
  FILL(&b, "\x0b", 4000);
  PUT(&b, "\x00");
  body_end(&b);
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

START_TEST(many_funcs) {
  struct module_bytes b;
  module_begin(&b);
  section_begin(&b, 1);
  PUT(&b, "\x01\x60\x00\x00");
  section_end(&b);
  funcs_begin(&b, 1000000);
  FILL(&b, "\x02\x00\x0b", 1000000);
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

START_TEST(many_types) {
  struct module_bytes b;
  /* One million equal ones. */
  module_begin(&b);
  section_begin(&b, 1);
  buf_uleb(&b.out, 1000000);
  FILL(&b, "\x60\x00\x00", 1000000);
  section_end(&b);
  judge_bounded(&b, true);
  /* One recursion group of 500,000 that all name the last. */
  module_begin(&b);
  section_begin(&b, 1);
  PUT(&b, "\x01\x4e");
  buf_uleb(&b.out, 500000);
  FILL(&b, "\x60\x01\x63\x9f\xc2\x1e\x00", 500000);
  section_end(&b);
  judge_bounded(&b, true);
  /* 500,000 different ones: structs whose fields spell their number. */
  module_begin(&b);
  section_begin(&b, 1);
  buf_uleb(&b.out, 500000);
  for (uint32_t i = 0; i < 500000; i++) {
    PUT(&b, "\x5f\x13");
    for (uint32_t bit = 0; bit < 19; bit++) {
      buf_u8(&b.out, i >> bit & 1 ? 0x7f : 0x7e);
      buf_u8(&b.out, 0);
    }
  }
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

static void put_chain(struct module_bytes *b, uint32_t chains, uint32_t depth) {
  module_begin(b);
  section_begin(b, 1);
  PUT(b, "\x01\x4e"); /* one group, so that equal chains stay different */
  buf_uleb(&b->out, chains * (depth + 1));
  for (uint32_t i = 0; i < chains * (depth + 1); i++) {
    PUT(b, "\x50");
    buf_uleb(&b->out, i % (depth + 1) ? 1 : 0);
    if (i % (depth + 1)) buf_uleb(&b->out, i - 1);
    PUT(b, "\x5f\x00");
  }
  section_end(b);
}

START_TEST(subtype_chains) {
  struct module_bytes b;
  put_chain(&b, 15600, 63);
  judge_bounded(&b, true);
  put_chain(&b, 1, 64);
  judge_bounded(&b, false);
}
END_TEST

START_TEST(many_exports) {
  struct module_bytes b;
  module_begin(&b);
  section_begin(&b, 5);
  PUT(&b, "\x01\x00\x00");
  section_end(&b);
  section_begin(&b, 7);
  buf_uleb(&b.out, 1000000);
  for (uint32_t i = 0; i < 1000000; i++) {
    char name[16];
    uint32_t n = (uint32_t)snprintf(name, sizeof name, "%u", i);
    buf_name(&b.out, slice_of(name, n));
    PUT(&b, "\x02\x00");
  }
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

/* Clauses that each match a long list of supertypes. */
START_TEST(wide_catches) {
  struct module_bytes b;
  module_begin(&b);
  section_begin(&b, 1);
  PUT(&b, "\x04\x60\x00\x00\x5f\x00");
  for (uint32_t i = 0; i < 2; i++) {
    PUT(&b, "\x60");
    buf_uleb(&b.out, i == 0 ? 1000 : 0);
    if (i == 0) FILL(&b, "\x63\x01", 1000);
    buf_uleb(&b.out, i == 1 ? 1000 : 0);
    if (i == 1) FILL(&b, "\x6d", 1000);
  }
  section_end(&b);
  section_begin(&b, 3);
  PUT(&b, "\x01\x00");
  section_end(&b);
  section_begin(&b, 13);
  PUT(&b, "\x01\x00\x02");
  section_end(&b);
  section_begin(&b, 10);
  PUT(&b, "\x01");
  body_begin(&b);
  PUT(&b, "\x00\x02\x03");
  for (uint32_t i = 0; i < 10; i++) {
    PUT(&b, "\x1f\x40");
    buf_uleb(&b.out, 10000);
    FILL(&b, "\x00\x00\x00", 10000);
    PUT(&b, "\x0b");
  }
  PUT(&b, "\x00\x0b\x00");
  body_end(&b);
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

/* Three bytes that stand for ten thousand fields or operands. */
START_TEST(wide_allocations) {
  struct module_bytes b;
  module_begin(&b);
  section_begin(&b, 1);
  PUT(&b, "\x04\x60\x00\x00\x5e\x7f\x00");
  for (uint32_t i = 0; i < 2; i++) {
    PUT(&b, "\x5f");
    buf_uleb(&b.out, 10000);
    FILL(&b, "\x7f\x00", 10000);
  }
  section_end(&b);
  section_begin(&b, 3);
  PUT(&b, "\x02\x00\x00");
  section_end(&b);
  section_begin(&b, 10);
  PUT(&b, "\x02");
  body_begin(&b);
  PUT(&b, "\x00");
  FILL(&b, "\xfb\x01\x02\x1a\xfb\x01\x03\x1a", 900000); /* struct.new_default, drop */
  body_end(&b);
  body_begin(&b);
  PUT(&b, "\x00\x00");
  FILL(&b, "\xfb\x08\x01\x90\x4e\x1a\xfb\x00\x02\x1a", 700000); /* array.new_fixed, struct.new */
  PUT(&b, "\x00");
  body_end(&b);
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

START_TEST(many_segments) {
  struct module_bytes b;
  module_begin(&b);
  section_begin(&b, 4);
  PUT(&b, "\x01\x70\x00\x00");
  section_end(&b);
  section_begin(&b, 9);
  buf_uleb(&b.out, 100000);
  for (uint32_t i = 0; i < 100000; i++) {
    PUT(&b, "\x04\x41\x00\x0b\x0a");
    FILL(&b, "\xd0\x70\x0b", 10);
  }
  section_end(&b);
  judge_bounded(&b, true);
}
END_TEST

int main(void) {
  return UNIT_RUN("validate/hostile", nested_blocks, many_branches, many_operands, many_locals, huge_br_table,
                  wide_calls, wide_results, wide_labels, many_funcs, many_types, subtype_chains, many_exports,
                  wide_catches, wide_allocations, many_segments);
}
