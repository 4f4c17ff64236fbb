/* A tour of the C library: files, formats, scanning, sorting, search tables, expressions, wide characters,
 * codes, time, mathematics.
 *
 * In: TEXT-FILE PATTERN [NUMBERS...].  Out: a report on stdout and the file report.txt. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <fnmatch.h>
#include <iconv.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <complex.h>
#include <regex.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <wchar.h>
#include <wctype.h>

static FILE *report;

static void say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  va_start(args, format);
  vfprintf(report, format, args);
  va_end(args);
}

struct word {
  char *text;
  int count;
};
static struct word list[4096];
static int words;

static int by_text(const void *a, const void *b) {
  return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}
static int by_count(const void *a, const void *b) {
  int x = ((const struct word *)a)->count, y = ((const struct word *)b)->count;
  return x != y ? y - x : by_text(a, b);
}

static void count_words(char *text) {
  void *tree = NULL;
  for (char *save, *w = strtok_r(text, " \t\n.,;:!?()\"'`-", &save); w;
       w = strtok_r(NULL, " \t\n.,;:!?()\"'`-", &save)) {
    for (char *p = w; *p; p++)
      *p = (char)tolower((unsigned char)*p);
    list[words] = (struct word){w, 0};
    struct word **found = tsearch(&list[words], &tree, by_text);
    if (*found == &list[words] && words < 4095) words++;
    (*found)->count++;
  }
  qsort(list, (size_t)words, sizeof *list, by_count);
  for (int i = 0; i < words && i < 12; i++)
    say("%-10s|%*d|%#06x\n", list[i].text, 5, list[i].count, list[i].count);
  say("%d words\n", words);
}

static void grep(const char *name, const char *pattern) {
  regex_t re;
  char line[512], message[64];
  int code = regcomp(&re, pattern, REG_EXTENDED | REG_ICASE);
  if (code) {
    regerror(code, &re, message, sizeof message);
    say("pattern: refused\n");
    return;
  }
  FILE *f = fopen(name, "r");
  for (int n = 1; f && fgets(line, sizeof line, f); n++) {
    regmatch_t m[2];
    if (!regexec(&re, line, 2, m, 0))
      say("%3d:%d-%d:%.*s\n", n, (int)m[0].rm_so, (int)m[0].rm_eo, (int)(m[0].rm_eo - m[0].rm_so),
          line + m[0].rm_so);
  }
  if (f) fclose(f);
  regfree(&re);
}

static void numbers(int argc, char **argv) {
  for (int i = 0; i < argc; i++) {
    char *end;
    errno = 0;
    double d = strtod(argv[i], &end);
    say("%s: %.17g %a %e %g %010.3f rest '%s'\n", argv[i], d, d, d, d, d, end);
    say("  %lld %#llo %" PRIx64 " errno %d\n", strtoll(argv[i], NULL, 0), strtoll(argv[i], NULL, 0),
        (uint64_t)strtoull(argv[i], NULL, 16), errno != 0);
    say("  sqrt %.9g cbrt %.9g exp %.9g log %.9g sin %.9g tan %.9g gamma %.9g erf %.9g\n", sqrt(d), cbrt(d),
        exp(d / 100), log(fabs(d) + 1), sin(d), tan(d / 7), tgamma(fmod(fabs(d), 20) + 1), erf(d / 10));
    int e;
    double frac = frexp(d, &e), whole;
    say("  frexp %.9g %d modf %.9g floor %g ceil %g rint %g trunc %g lround %ld hypot %.9g nextafter %.17g\n",
        frac, e, modf(d, &whole), floor(d), ceil(d), rint(d), trunc(d), lround(fmod(d, 1e6)), hypot(d, 3),
        nextafter(d, INFINITY));
    double complex z = csqrt(d + 2 * I) * cexp(0.5 * I);
    say("  complex %.9g %+.9gi float %.7g %.7g\n", creal(z), cimag(z), (double)powf((float)d, 0.25f),
        (double)fmaf((float)d, 3, 1));
  }
  int a;
  float b;
  char word[16], set[8];
  int n = sscanf("  42 2.5e1 hello [abc]xyz", "%d %f %15s [%7[a-c]", &a, &b, word, set);
  say("scanned %d: %d %g %s %s\n", n, a, (double)b, word, set);
}

static void letters(void) {
  setlocale(LC_ALL, "C.UTF-8");
  const char *text = "Gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80 \xce\xa9mega";
  mbstate_t state = {0};
  wchar_t wide[64];
  size_t n = mbsrtowcs(wide, &text, 64, &state);
  for (size_t i = 0; i < n; i++)
    say("%s%04x%s", i ? " " : "", (unsigned)towupper((wint_t)wide[i]), iswalpha((wint_t)wide[i]) ? "a" : "");
  say(" (%d)\n", (int)n);
  static const char *const codes[] = {"UTF-16LE", "ISO-8859-1", "UTF-32BE", "KOI8-R", "SHIFT_JIS"};
  for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
    iconv_t cd = iconv_open(codes[i], "UTF-8");
    if (cd == (iconv_t)-1) continue;
    char source[] = "caf\xc3\xa9 abc", out[64], *in = source, *to = out;
    size_t left = sizeof source - 1, room = sizeof out;
    if (i >= 3) memcpy(source + 3, "e!", 2);
    iconv(cd, &in, &left, &to, &room);
    say("%s:", codes[i]);
    for (char *p = out; p < to; p++)
      say(" %02x", (unsigned char)*p);
    say("\n");
    iconv_close(cd);
  }
  wchar_t formatted[64];
  swprintf(formatted, 64, L"%ls|%5d|%-6ls|%.3f", L"wide", 42, L"ab", 2.0 / 3);
  char back[64];
  wcstombs(back, formatted, sizeof back);
  say("%s\n", back);
}

static void times(void) {
  static const time_t stamps[] = {0, 951782400, 1709210096, 4102444799};
  for (unsigned i = 0; i < 4; i++) {
    struct tm tm;
    char text[128];
    gmtime_r(&stamps[i], &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %b %j %U %p %y", &tm);
    say("%s yday %d\n", text, tm.tm_yday);
  }
  say("fnmatch %d %d\n", fnmatch("*.[ch]", "main.c", 0), fnmatch("a?c*", "abx", 0) != 0);
}

int main(int argc, char **argv) {
  if (argc < 3) return fputs("usage: libc TEXT-FILE PATTERN [NUMBERS...]\n", stderr), 2;
  report = fopen("report.txt", "w");
  FILE *f = fopen(argv[1], "rb");
  if (!f || !report) return perror(argv[1]), 1;
  fseek(f, 0, SEEK_END);
  long size = ftell(f);
  rewind(f);
  char *text = calloc((size_t)size + 1, 1);
  if (fread(text, 1, (size_t)size, f) != (size_t)size) return 1;
  fclose(f);
  grep(argv[1], argv[2]);
  count_words(text);
  numbers(argc - 3, argv + 3);
  letters();
  times();
  fclose(report);
  struct stat st;
  printf("stat %d, errno %s\n", stat("missing", &st), errno == ENOENT ? "ENOENT" : "?");
  printf("report is %ld bytes\n", (long)(stat("report.txt", &st) ? -1 : st.st_size));
  return words % 100;
}
