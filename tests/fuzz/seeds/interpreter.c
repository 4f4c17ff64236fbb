// flags: -O2
// link: -nostartfiles -Wl,--no-entry -Wl,--export=interpret -Wl,--export-table
static long add(long a, long b) { return a + b; }
static long sub(long a, long b) { return a - b; }
static long mul(long a, long b) { return a * b; }
static long and (long a, long b) { return a & b; }
static long (*const ops[])(long, long) = {add, sub, mul, and};
long interpret(const unsigned char *code, long size) {
  long stack[32] = {0}, sp = 0;
  for (long pc = 0; pc < size; pc++)
    switch (code[pc]) {
    case 0: stack[sp++ & 31] = code[++pc]; break;
    case 1:
    case 2:
    case 3:
    case 4: {
      long b = stack[--sp & 31], a = stack[--sp & 31];
      stack[sp++ & 31] = ops[code[pc] - 1](a, b);
      break;
    }
    case 5:
      if (stack[--sp & 31]) pc = code[pc + 1];
      break;
    case 6:
      stack[sp & 31] = stack[(sp - 1) & 31];
      sp++;
      break;
    case 7: sp--; break;
    case 8: stack[(sp - 1) & 31] = ~stack[(sp - 1) & 31]; break;
    case 9: stack[(sp - 1) & 31] <<= 3; break;
    case 10: stack[(sp - 1) & 31] >>= 3; break;
    case 11: return stack[(sp - 1) & 31];
    }
  return -1;
}
