// flags: -O2
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char text[200] = "the quick brown fox jumps over the lazy dog";
  long total = 0;
  for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
    for (char *c = word; *c; c++)
      *c = (char)toupper(*c);
    total +=
        strtol(word, NULL, 36) + (strstr(word, "OV") != NULL) + (memchr(word, 'O', strlen(word)) != NULL);
  }
  for (int i = 0; i < argc; i++)
    write(1, argv[i], strlen(argv[i]));
  return (int)(total & 127);
}
