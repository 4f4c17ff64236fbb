/* A register machine interpreted by a switch (br_table). */
#include "bench.h"

enum { LOADI, ADD, SUB, MUL, XOR, SHR, JNZ, JMP, LD, ST, INC, DEC, MOV, AND, OR, HALT };
struct insn {
  uint8_t op, a, b, c;
  int32_t imm;
};
static uint32_t memory[4096];

static uint32_t run(const struct insn *code, uint32_t n) {
  uint32_t r[16] = {n};
  for (const struct insn *i = code;;) {
    switch (i->op) {
    case LOADI: r[i->a] = (uint32_t)i->imm; break;
    case ADD: r[i->a] = r[i->b] + r[i->c]; break;
    case SUB: r[i->a] = r[i->b] - r[i->c]; break;
    case MUL: r[i->a] = r[i->b] * r[i->c]; break;
    case XOR: r[i->a] = r[i->b] ^ r[i->c]; break;
    case SHR: r[i->a] = r[i->b] >> (i->imm & 31); break;
    case JNZ:
      if (r[i->a]) {
        i += i->imm;
        continue;
      }
      break;
    case JMP: i += i->imm; continue;
    case LD: r[i->a] = memory[r[i->b] & 4095]; break;
    case ST: memory[r[i->b] & 4095] = r[i->a]; break;
    case INC: r[i->a]++; break;
    case DEC: r[i->a]--; break;
    case MOV: r[i->a] = r[i->b]; break;
    case AND: r[i->a] = r[i->b] & r[i->c]; break;
    case OR: r[i->a] = r[i->b] | r[i->c]; break;
    default: return r[1];
    }
    i++;
  }
}

int main(int argc, char **argv) {
  static const struct insn code[] = {
      {LOADI, 1, 0, 0, 1}, {LOADI, 2, 0, 0, 69069}, {MUL, 1, 1, 2, 0},   {INC, 1, 0, 0, 0},
      {SHR, 3, 1, 0, 7},   {XOR, 3, 3, 1, 0},       {ST, 3, 1, 0, 0},    {AND, 4, 3, 1, 0},
      {LD, 5, 4, 0, 0},    {ADD, 1, 1, 5, 0},       {OR, 6, 5, 3, 0},    {MOV, 7, 6, 0, 0},
      {SUB, 1, 1, 7, 0},   {DEC, 0, 0, 0, 0},       {JNZ, 0, 0, 0, -12}, {HALT, 0, 0, 0, 0}};
  printf("interp %08x\n", run(code, (uint32_t)bench_repeats(argc, argv, 80) * 1000000));
  return 0;
}
