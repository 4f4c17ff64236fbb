/* The same work natively: a context switch that saves six registers and leaves by a jump, on stacks of 4 KiB;
 * malloc and free of 512 bytes, and a call through a pointer.  Usage: native
 * roundtrip|generator|create|malloc|call N
 *
 * What coroutine libraries do, at its cheapest: no signal mask, no floating-point state. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK = 4096 };

/* Saves the callee-saved registers and rsp in *from, goes on at to. */
void context_switch(void **from, void *to);
__asm__(".text\n.globl context_switch\n.type context_switch,@function\ncontext_switch:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp,(%rdi)\nmov %rsi,%rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\npop %rcx\njmp *%rcx\n"
        ".size context_switch,.-context_switch\n");

static void *parent, *child;
static volatile long value;

static void *stack_prepare(char *memory, void (*body)(void)) {
  void **top = (void **)(memory + STACK);
  *--top = NULL; /* keeps rsp as a call would */
  *--top = (void *)(uintptr_t)body;
  for (int i = 0; i < 6; i++)
    *--top = NULL;
  return top;
}

static void yields(void) {
  for (;;)
    context_switch(&child, parent);
}

static void __attribute__((noinline)) emit(long i) {
  value = i;
  context_switch(&child, parent);
}
static void generates(void) {
  for (long i = 0;; i++)
    emit(i);
}

static void ends(void) {
  value = 1;
  context_switch(&child, parent);
}

static long one(long x) { return x + 1; }
static long two(long x) { return x + 2; }

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  long n = atol(argv[2]), sum = 0;
  static char memory[STACK] __attribute__((aligned(64)));
  if (!strcmp(argv[1], "roundtrip")) {
    child = stack_prepare(memory, yields);
    for (long i = 0; i < n; i++)
      context_switch(&parent, child);
  } else if (!strcmp(argv[1], "generator")) {
    child = stack_prepare(memory, generates);
    for (long i = 0; i < n; i++)
      context_switch(&parent, child), sum += value;
  } else if (!strcmp(argv[1], "create")) {
    for (long i = 0; i < n; i++) {
      char *block = malloc(STACK);
      if (!block) return 1;
      child = stack_prepare(block, ends);
      context_switch(&parent, child);
      sum += value;
      free(block);
    }
  } else if (!strcmp(argv[1], "malloc")) {
    for (long i = 0; i < n; i++) {
      char *volatile block = malloc(512);
      if (!block) return 1;
      free(block);
    }
  } else if (!strcmp(argv[1], "call")) {
    long (*volatile table[2])(long) = {one, two};
    for (long i = n; i > 0; i--)
      sum = table[i & 1](sum);
  } else {
    return 2;
  }
  printf("%ld\n", sum);
  return 0;
}
