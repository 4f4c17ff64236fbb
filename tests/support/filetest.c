/* Filetests: what a stage of the compiler makes of a small module, compared line by line.
 *
 *   filetest [--bless] FILE|DIRECTORY...
 *
 * A file begins with `;; test: STAGE [option...]`, then comes a module in the text format (.ir: one function
 * of IR, in front of it a module if it needs one), then the expected output as lines that begin with `;;`.
 * Options: func=N (else every function), interruption, fuel, spectre, slots, nans (canonical), inlining,
 * modern (every CPU feature; else the least that the instruction set asks for).
 * `--bless` rewrites the expected lines.  Exit status 1 when a file differs, 2 when one cannot be read.
 * Stages are the rows of compiler/stage.def; `build` and `tidy` are made here, all others by compile_func's
 * dump. */
#include "base/alloc.h"
#include "binary/decode.h"
#include "compiler/build/build.h"
#include "compiler/compile.h"
#include "compiler/ir/parse.h"
#include "compiler/ir/print.h"
#include "compiler/ir/verify.h"
#include "compiler/isa/isa.h"
#include "compiler/opt/opt.h"
#include "text/parse.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct options {
  char stage[32];
  long func;
  bool interruption, fuel, spectre, slots, nans, inlining, modern;
  bool is_ir_text;
};
struct files {
  char **at;
  size_t len, cap;
};

static bool read_file(const char *path, struct buf *out) {
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  char part[4096];
  for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
    buf_bytes(out, part, n);
  fclose(f);
  return buf_ok(out);
}

/* `;; test: build fuel func=1` */
static bool parse_header(const char *text, struct options *o) {
  static const char head[] = ";; test: ";
  *o = (struct options){.func = -1};
  if (strncmp(text, head, sizeof head - 1) != 0) return false;
  char line[256];
  size_t len = strcspn(text + sizeof head - 1, "\n");
  if (len >= sizeof line) return false;
  memcpy(line, text + sizeof head - 1, len);
  line[len] = 0;
  char *save = NULL, *word = strtok_r(line, " ", &save);
  if (!word || strlen(word) >= sizeof o->stage) return false;
  memcpy(o->stage, word, strlen(word) + 1);
  while ((word = strtok_r(NULL, " ", &save))) {
    if (strncmp(word, "func=", 5) == 0)
      o->func = strtol(word + 5, NULL, 10);
    else if (strcmp(word, "interruption") == 0)
      o->interruption = true;
    else if (strcmp(word, "fuel") == 0)
      o->fuel = true;
    else if (strcmp(word, "spectre") == 0)
      o->spectre = true;
    else if (strcmp(word, "inlining") == 0)
      o->inlining = true;
    else if (strcmp(word, "modern") == 0)
      o->modern = true;
    else if (strcmp(word, "slots") == 0)
      o->slots = true;
    else if (strcmp(word, "nans") == 0)
      o->nans = true;
    else
      return false;
  }
  return true;
}

/* Length of the input: everything up to the last line that begins otherwise than with ";;". */
static size_t input_len(const char *text, size_t len) {
  size_t end = 0;
  for (size_t at = 0; at < len;) {
    size_t next = at + strcspn(text + at, "\n") + 1;
    if (next > len) next = len;
    bool expected = text[at] == ';' && text[at + 1] == ';';
    if (!expected && next > at + 1) end = next;
    at = next;
  }
  return end;
}

static bool run_ir(const struct valid_module *v, uint32_t func, const struct options *o, struct arena *a,
                   struct out *out, struct error *e) {
  struct build_config config = {.interruption = o->interruption,
                                .fuel = o->fuel,
                                .spectre = o->spectre,
                                .inlining = o->inlining,
                                .nan_canonicalization = o->nans,
                                .locals_in_slots = o->slots};
  struct ir_func *f = build_func(v, func, &config, a, e);
  if (!f) return false;
  bool ok = ir_verify(f, IR_BUILT, out);
  if (strcmp(o->stage, "tidy") == 0) {
    opt_tidy(f);
    if (o->nans) opt_late_nans(f);
    ok = ok && ir_verify(f, IR_TIDY, out);
  }
  ir_print(f, out);
  return ok || error_set(e, ERROR_USAGE, "the verifier objects");
}

/* `ir`, or function `func`. */
static bool run_compile(struct ir_func *ir, const struct valid_module *v, uint32_t func,
                        const struct options *o, struct arena *a, struct out *out, struct error *e) {
  uint32_t bit = stage_bit(slice_cstr(o->stage));
  if (bit == 0) return error_set(e, ERROR_USAGE, "there is no stage %s", o->stage);
  struct compile_config config = {.isa = isa_host(),
                                  .interruption = o->interruption,
                                  .fuel = o->fuel,
                                  .inlining = o->inlining,
                                  .checks = true,
                                  .dump = bit,
                                  .dump_to = out};
  config.isa_config.interruption = o->interruption;
  config.isa_config.spectre = o->spectre;
  if (o->modern) config.isa_config.cpu = UINT32_MAX;
  struct code code;
  return ir ? compile_ir(ir, &config, a, &code, e) : compile_func(v, func, &config, a, &code, NULL, e);
}

static bool shows_ir(const struct options *o) {
  return strcmp(o->stage, "build") == 0 || strcmp(o->stage, "tidy") == 0;
}

/* A file that holds IR: for `build` what was read, for the others what becomes of it. */
static bool run_text_ir(const struct valid_module *v, const struct options *o, struct slice input,
                        struct arena *a, struct out *out, struct error *e) {
  struct ir_func *f = ir_parse(input, v->module, a, e);
  if (!f) return false;
  bool ok = ir_verify(f, IR_BUILT, out);
  if (ok && !shows_ir(o)) return run_compile(f, v, f->index, o, a, out, e);
  if (ok && strcmp(o->stage, "tidy") == 0) {
    opt_tidy(f);
    ok = ir_verify(f, IR_TIDY, out);
  }
  ir_print(f, out);
  return ok || error_set(e, ERROR_USAGE, "the verifier objects");
}

/* The IR in `input`, which keeps the module in front of it; where there is none it becomes an empty one. */
static struct slice cut_ir(struct slice *input) {
  static const char none[] = "(module)";
  const uint8_t *module = NULL, *at = input->data, *end = at + input->len;
  while (end - at > 7 && memcmp(at, "fn ", 3) != 0) { /* line by line */
    if (memcmp(at, "(module", 7) == 0) module = at;
    const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
    at = line ? line + 1 : end;
  }
  *input = module ? slice_of(module, (size_t)(at - module)) : slice_of(none, sizeof none - 1);
  return slice_of(at, (size_t)(end - at));
}

/* The output of the stage, every line behind ";; ". */
static bool run_stage(const struct options *o, struct slice input, struct buf *lines, struct error *e) {
  jmp_buf oom;
  struct arena arena;
  struct buf bytes, text;
  struct canon *canon = canon_new();
  buf_init(&bytes);
  buf_init(&text);
  volatile bool ok = false;
  if (setjmp(oom) != 0) {
    error_memory(e);
    goto out;
  }
  arena_init(&arena, &oom);
  struct features features = features_all();
  struct out out = out_buf(&text);
  struct slice ir = o->is_ir_text ? cut_ir(&input) : slice_of(NULL, 0);
  if (!canon || !text_parse_module(input, features, &bytes, e)) goto out;
  struct module *m = module_decode(&arena, buf_slice(&bytes), features, e);
  struct valid_module *v = m ? module_validate(m, canon, e) : NULL;
  if (!v) goto out;
  ok = !o->is_ir_text || run_text_ir(v, o, ir, &arena, &out, e);
  for (uint32_t i = m->nimported_funcs; i < m->nfuncs && ok && !o->is_ir_text; i++) {
    if (o->func >= 0 && (uint32_t)o->func != i) continue;
    ok = shows_ir(o) ? run_ir(v, i, o, &arena, &out, e) : run_compile(NULL, v, i, o, &arena, &out, e);
    if (!ok && e->kind == ERROR_UNSUPPORTED) { /* what is refused may be expected, too */
      out_printf(&out, "function %u: %s\n", i, e->message);
      *e = (struct error)ERROR_INIT;
      ok = true;
    }
  }
  for (size_t at = 0; at < text.len;) {
    const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
    size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
    buf_cstr(lines, len ? ";; " : ";;");
    buf_bytes(lines, text.data + at, len);
    buf_u8(lines, '\n');
    at += len + 1;
  }
out:
  arena_free(&arena);
  buf_free(&bytes);
  buf_free(&text);
  if (canon) canon_delete(canon);
  return ok;
}

static void print_difference(const char *path, struct slice want, struct slice got) {
  size_t line = 1, at = 0;
  while (at < want.len && at < got.len && want.data[at] == got.data[at])
    line += want.data[at++] == '\n';
  while (at > 0 && want.data[at - 1] != '\n')
    at--;
  printf("%s: differs from line %zu of the output on\n", path, line);
  int n = (int)strcspn((const char *)want.data + at, "\n"),
      m = (int)strcspn((const char *)got.data + at, "\n");
  printf("- %.*s\n+ %.*s\n--- whole output:\n%.*s", n, (const char *)want.data + at, m,
         (const char *)got.data + at, (int)got.len, (const char *)got.data);
}

/* 0 the same (or blessed), 1 different, 2 broken. */
static int run_file(const char *path, bool bless) {
  struct buf file, lines;
  struct options o;
  struct error e = ERROR_INIT;
  int status = 2;
  buf_init(&file);
  buf_init(&lines);
  if (!read_file(path, &file)) {
    printf("%s: cannot be read\n", path);
    goto out;
  }
  buf_u8(&file, 0);
  const char *text = (const char *)file.data;
  size_t len = file.len - 1, input = input_len(text, len);
  if (!parse_header(text, &o)) {
    printf("%s: the first line is no `;; test: STAGE`\n", path);
    goto out;
  }
  size_t path_len = strlen(path);
  o.is_ir_text = path_len > 3 && strcmp(path + path_len - 3, ".ir") == 0;
  if (!run_stage(&o, slice_of(text, input), &lines, &e)) {
    printf("%s: %u:%u: %s\n", path, e.line, e.column, e.message);
    goto out;
  }
  struct slice want = slice_of(text + input, len - input), got = buf_slice(&lines);
  status = 0;
  if (slice_eq(want, got)) goto out;
  if (bless) {
    FILE *f = fopen(path, "wb");
    status = f && fwrite(text, 1, input, f) == input && fwrite(got.data, 1, got.len, f) == got.len ? 0 : 2;
    if (f) fclose(f);
    printf("%s: blessed\n", path);
    goto out;
  }
  buf_u8(&lines, 0);
  print_difference(path, want, slice_of(lines.data, lines.len - 1));
  status = 1;
out:
  buf_free(&file);
  buf_free(&lines);
  return status;
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_file(struct files *files, const char *path) {
  if (files->len == files->cap) {
    files->cap = files->cap ? 2 * files->cap : 64;
    files->at = realloc(files->at, files->cap * sizeof *files->at);
  }
  if (files->at) files->at[files->len++] = strdup(path);
}

/* Every .wat and .ir in and below a directory; a file as it is. */
static void find_files(struct files *files, const char *path, int depth) {
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
    size_t len = strlen(path);
    if (depth == 0 ||
        (len > 4 && (strcmp(path + len - 4, ".wat") == 0 || strcmp(path + len - 3, ".ir") == 0)))
      add_file(files, path);
    return;
  }
  DIR *dir = depth < 3 ? opendir(path) : NULL;
  if (!dir) return;
  for (struct dirent *d; (d = readdir(dir));) {
    char below[4096];
    if (d->d_name[0] == '.') continue;
    int n = snprintf(below, sizeof below, "%s/%s", path, d->d_name);
    if (n > 0 && (size_t)n < sizeof below) find_files(files, below, depth + 1);
  }
  closedir(dir);
}

int main(int argc, char **argv) {
  struct files files = {0};
  bool bless = argc > 1 && strcmp(argv[1], "--bless") == 0;
  int worst = 0;
  for (int i = bless ? 2 : 1; i < argc; i++)
    find_files(&files, argv[i], 0);
  if (files.len == 0) {
    printf("usage: filetest [--bless] FILE|DIRECTORY...\n");
    return 2;
  }
  qsort(files.at, files.len, sizeof *files.at, compare_paths);
  for (size_t i = 0; i < files.len; i++) {
    int status = run_file(files.at[i], bless);
    if (status > worst) worst = status;
    free(files.at[i]);
  }
  printf("%zu files, %s\n", files.len, worst == 0 ? "all as expected" : "some differ");
  free(files.at);
  return worst;
}
