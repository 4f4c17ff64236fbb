// flags: -Os
#include <stdio.h>
int main(int argc, char **argv) {
  char text[64];
  snprintf(text, sizeof text, "%d %s %x", argc, argv[0], argc * 3);
  puts(text);
  return 0;
}
