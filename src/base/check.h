/* Assertions, and arithmetic that cannot wrap.
 *
 * assert() states a fact about our own code and is free in release builds; checked() is for facts that cost
 * time to establish (heap walks, verifiers) and runs only in builds with HEDDLE_CHECKED.  Neither may ever
 * depend on input: bad input is a struct error, a bad guest is a trap.  Must not: have effects. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define FALLTHROUGH            __attribute__((fallthrough)) /* clang reads no comments */
#define NOINLINE               __attribute__((noinline))
#define COUNT_OF(a)            (sizeof(a) / sizeof((a)[0]))

/* In release builds a fact is still compiled, and dropped as dead code: what only asserts use stays used, and
 * asserts cannot rot. (Include this header, not <assert.h>, which would put its own definition back.) */
#ifdef NDEBUG
#undef assert
#define assert(fact) ((void)(0 && (fact)))
#endif
/* A large local that is written before it is read, on a path where zeroing it first would be felt. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef UNINITIALIZED
#define UNINITIALIZED
#endif

#ifdef HEDDLE_CHECKED
#define checked(fact) assert(fact)
#else
#define checked(fact) ((void)(0 && (fact)))
#endif

#ifdef NDEBUG
#define unreachable() __builtin_unreachable()
#else
#define unreachable() __builtin_trap()
#endif

/* Each returns true when the exact result fits into *out. */
static inline MUST_USE bool add_u32(uint32_t a, uint32_t b, uint32_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
static inline MUST_USE bool add_u64(uint64_t a, uint64_t b, uint64_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
static inline MUST_USE bool mul_u64(uint64_t a, uint64_t b, uint64_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}
static inline MUST_USE bool add_size(size_t a, size_t b, size_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
static inline MUST_USE bool mul_size(size_t a, size_t b, size_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}

static inline uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }
static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* `align` is a power of two; the caller knows that n + align - 1 does not wrap. */
static inline size_t align_up(size_t n, size_t align) { return (n + align - 1) & ~(align - 1); }

#endif
