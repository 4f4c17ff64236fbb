/* See report.h. */
#include "cli/report.h"

#include "base/out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES_MAX = 40, FRAMES_LAST = 8, STACKS_MAX = 1000 };

void report_init(struct report *r, const struct cli_options *o) {
  const char *when = o->color ? o->color : "auto";
  r->json = o->json;
  r->color =
      !strcmp(when, "always") || (strcmp(when, "never") && isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
}

static const char *kind_word(heddle_error_kind_t kind) {
  switch (kind) {
  case HEDDLE_ERROR_MALFORMED: return "malformed";
  case HEDDLE_ERROR_INVALID: return "invalid";
  case HEDDLE_ERROR_UNSUPPORTED: return "unsupported";
  case HEDDLE_ERROR_LINK: return "link";
  case HEDDLE_ERROR_TRAP: return "trap";
  case HEDDLE_ERROR_EXCEPTION: return "exception";
  case HEDDLE_ERROR_SUSPENDED: return "suspended";
  case HEDDLE_ERROR_EXIT: return "exit";
  case HEDDLE_ERROR_LIMIT: return "limit";
  case HEDDLE_ERROR_MEMORY: return "memory";
  case HEDDLE_ERROR_IO: return "io";
  case HEDDLE_ERROR_USAGE: return "usage";
  case HEDDLE_ERROR_HOST: return "host";
  }
  return "error";
}

static int exit_status(const heddle_error_t *error) {
  int32_t code;
  heddle_trap_t trap;
  if (heddle_error_exit_code(error, &code)) return code >= 0 && code < 126 ? code : EXIT_FAILED;
  if (heddle_error_trap(error, &trap)) return EXIT_TRAP;
  return heddle_error_kind(error) == HEDDLE_ERROR_SUSPENDED ? EXIT_TRAP : EXIT_FAILED;
}

/* What a guest chose: names, messages. */
static void out_str(struct out *o, heddle_str_t s) { out_printable(o, slice_of(s.data, s.len)); }

static void out_head(struct out *o, const struct report *r) {
  out_printf(o, "%serror%s: ", r->color ? "\033[1;31m" : "", r->color ? "\033[0m" : "");
}

static void frame_name(struct out *o, const heddle_frame_t *f) {
  if (f->function.len)
    out_str(o, f->function);
  else
    out_printf(o, "<wasm function %u>", f->function_index);
}

/* "     0: inner            math.c:12:9   app+0x78" */
static void print_frame(struct out *o, size_t number, const heddle_frame_t *f) {
  out_printf(o, "  %5zu: ", number);
  frame_name(o, f);
  if (f->file.len) {
    out_cstr(o, "  ");
    out_str(o, f->file);
    out_printf(o, ":%u", f->line);
    if (f->column) out_printf(o, ":%u", f->column);
  }
  out_cstr(o, "  ");
  out_str(o, f->module.len ? f->module : (heddle_str_t){"<module>", 8});
  out_printf(o, "+0x%x\n", f->module_offset);
}

/* Where one stack ends and the one that resumed it begins stands a line. */
static void print_frame_list(struct out *o, const heddle_frame_t *frames, size_t n, size_t total) {
  uint32_t stack = 0;
  for (size_t i = 0; i < n; i++) {
    const heddle_frame_t *f = &frames[i];
    if (total > n && i == n - FRAMES_LAST) out_printf(o, "        ... %zu frames left out\n", total - n);
    if (f->stack_id != stack && i == 0) out_printf(o, "    on stack %u\n", f->stack_id);
    if (f->stack_id != stack && i != 0) {
      out_printf(o, "    resumed by stack %u with handlers {", f->stack_id);
      out_str(o, f->handlers);
      out_cstr(o, "}\n");
    }
    stack = f->stack_id;
    print_frame(o, total > n && i >= n - FRAMES_LAST ? total - (n - i) : i, f);
  }
}

static void print_frames(struct out *o, const heddle_error_t *error) {
  heddle_frame_t frames[FRAMES_MAX];
  size_t total = 0, n = heddle_error_frames(error, frames, FRAMES_MAX, &total);
  print_frame_list(o, frames, n, total);
}

static void json_frame_list(struct out *o, const heddle_frame_t *frames, size_t n, size_t total) {
  out_printf(o, ", \"depth\": %zu, \"frames\": [", total);
  for (size_t i = 0; i < n; i++) {
    const heddle_frame_t *f = &frames[i];
    out_printf(o, "%s{\"function\": ", i ? ", " : "");
    out_json_string(o, slice_of(f->function.data, f->function.len));
    out_cstr(o, ", \"module\": ");
    out_json_string(o, slice_of(f->module.data, f->module.len));
    out_printf(o, ", \"index\": %u, \"offset\": %u, \"stack\": %u", f->function_index, f->module_offset,
               f->stack_id);
    if (f->file.len) {
      out_cstr(o, ", \"file\": ");
      out_json_string(o, slice_of(f->file.data, f->file.len));
      out_printf(o, ", \"line\": %u, \"column\": %u", f->line, f->column);
    }
    if (f->handlers.len) {
      out_cstr(o, ", \"handlers\": ");
      out_json_string(o, slice_of(f->handlers.data, f->handlers.len));
    }
    out_cstr(o, "}");
  }
  out_cstr(o, "]");
}

static void json_frames(struct out *o, const heddle_error_t *error) {
  heddle_frame_t frames[FRAMES_MAX];
  size_t total = 0, n = heddle_error_frames(error, frames, FRAMES_MAX, &total);
  json_frame_list(o, frames, n, total);
}

static void print_json(struct out *o, const char *what, const heddle_error_t *error, int status) {
  out_printf(o, "{\"kind\": \"%s\", \"status\": %d, \"context\": ", kind_word(heddle_error_kind(error)),
             status);
  out_json_string(o, slice_cstr(what));
  out_cstr(o, ", \"messages\": [");
  for (const heddle_error_t *at = error; at; at = heddle_error_cause(at)) {
    heddle_str_t m = heddle_error_message(at);
    out_cstr(o, at == error ? "" : ", ");
    out_json_string(o, slice_of(m.data, m.len));
  }
  out_cstr(o, "]");
  uint64_t offset;
  uint32_t line, column;
  if (heddle_error_position(error, &offset, &line, &column)) {
    if (line)
      out_printf(o, ", \"line\": %u, \"column\": %u", line, column);
    else
      out_printf(o, ", \"offset\": %llu", (unsigned long long)offset);
  }
  json_frames(o, error);
  out_cstr(o, "}\n");
}

/* "error: what", then causes from the outside in, then the backtrace of the innermost. */
static void print_chain(const struct report *r, struct out *o, const char *what,
                        const heddle_error_t *error) {
  bool trap = heddle_error_kind(error) == HEDDLE_ERROR_TRAP;
  out_head(o, r);
  out_printable(o, slice_cstr(what));
  out_cstr(o, "\n");
  for (const heddle_error_t *at = error; at; at = heddle_error_cause(at)) {
    bool last = !heddle_error_cause(at);
    out_cstr(o, last && trap ? "  wasm trap: " : "  ");
    out_str(o, heddle_error_message(at));
    uint64_t offset;
    uint32_t line, column;
    if (last && heddle_error_position(at, &offset, &line, &column)) {
      if (line)
        out_printf(o, " (line %u, column %u)", line, column);
      else
        out_printf(o, " (at offset 0x%llx)", (unsigned long long)offset);
    }
    out_cstr(o, "\n");
  }
  print_frames(o, error);
}

int report_error(const struct report *r, const char *what, heddle_error_t *error) {
  struct out o = out_file(stderr);
  int status = exit_status(error);
  int32_t code;
  bool plain_exit = heddle_error_exit_code(error, &code) && code >= 0 && code < 126;
  fflush(stdout);
  if (r->json)
    print_json(&o, what, error, status);
  else if (heddle_error_exit_code(error, &code) && !plain_exit)
    out_printf(&o, "error: the program exited with status %d, which is outside of 0 to 125\n", code);
  else if (!plain_exit)
    print_chain(r, &o, what, error);
  heddle_error_delete(error);
  return status;
}

int report_line(const struct report *r, const char *fmt, ...) {
  char text[1024];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  struct out o = out_file(stderr);
  if (r->json) {
    out_cstr(&o, "{\"kind\": \"error\", \"status\": 1, \"messages\": [");
    out_json_string(&o, slice_cstr(text));
    out_cstr(&o, "]}\n");
  } else {
    out_head(&o, r);
    out_printable(&o, slice_cstr(text));
    out_cstr(&o, "\n");
  }
  return EXIT_FAILED;
}

void report_text(const struct report *r, struct slice text) {
  struct out o = out_file(stderr);
  out_head(&o, r);
  out_slice(&o, text);
}

/* ---- suspended stacks ---- */

struct listing {
  const struct report *r;
  struct out o;
  size_t n;
};

static bool list_stack(void *env, const heddle_stack_t *stack) {
  struct listing *l = env;
  if (l->n++ == STACKS_MAX) return false;
  if (l->r->json) {
    out_printf(&l->o, "{\"suspended\": %u, \"fresh\": %s, \"bytes\": %llu", stack->id,
               stack->fresh ? "true" : "false", (unsigned long long)stack->size);
    json_frame_list(&l->o, stack->frames, stack->nframes, stack->total_frames);
    out_cstr(&l->o, "}\n");
    return true;
  }
  out_printf(&l->o, stack->fresh ? "not begun: stack %u\n" : "suspended: stack %u, %llu bytes\n", stack->id,
             (unsigned long long)stack->size);
  print_frame_list(&l->o, stack->frames, stack->nframes, stack->total_frames);
  return true;
}

void report_suspended(const struct report *r, heddle_store_t *store) {
  struct listing l = {r, out_file(stderr), 0};
  heddle_error_t *error = heddle_store_suspended(store, list_stack, &l);
  if (error)
    (void)report_error(r, "--suspended failed", error);
  else if (r->json)
    return;
  else if (l.n > STACKS_MAX)
    out_printf(&l.o, "there are more; %d are shown\n", STACKS_MAX);
  else
    out_printf(&l.o, "%zu continuation%s not run to the end\n", l.n, l.n == 1 ? " has" : "s have");
}

static bool is_any(void *env, const heddle_stack_t *stack) {
  (void)stack;
  *(bool *)env = true;
  return false;
}

void report_hint(const struct report *r, heddle_store_t *store) {
  bool any = false;
  struct out o = out_file(stderr);
  heddle_error_delete(heddle_store_suspended(store, is_any, &any));
  if (any && !r->json) out_cstr(&o, "  continuations are suspended: --suspended lists them\n");
}
