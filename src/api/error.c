/* Errors as embedders see them: kind, message, cause, position, backtrace. Must not: fail (see api.h). */
#include "api/api.h"

#include "abi/trap.h"
#include "base/alloc.h"
#include "text/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Never written: every function below leaves it alone. */
static heddle_error_t out_of_memory = {
    .kind = HEDDLE_ERROR_MEMORY, .message = "out of memory", .message_len = 13};

heddle_error_t *api_error_memory(void) { return &out_of_memory; }

static heddle_error_t *error_alloc(heddle_error_kind_t kind, const char *message, size_t len) {
  heddle_error_t *error = mem_alloc(sizeof *error + len + 1);
  if (!error) return api_error_memory();
  memset(error, 0, sizeof *error);
  error->kind = kind;
  char *text = (char *)(error + 1);
  memcpy(text, message, len);
  text[len] = 0;
  error->message = text;
  error->message_len = len;
  return error;
}

heddle_error_t *api_error_new(heddle_error_kind_t kind, const char *fmt, ...) {
  char text[1024];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return error_alloc(kind, text, n < 0 ? 0 : min_u64((uint64_t)n, sizeof text - 1));
}

static heddle_error_kind_t kind_of(enum error_kind kind) {
  switch (kind) {
  case ERROR_MALFORMED: return HEDDLE_ERROR_MALFORMED;
  case ERROR_INVALID: return HEDDLE_ERROR_INVALID;
  case ERROR_UNSUPPORTED: return HEDDLE_ERROR_UNSUPPORTED;
  case ERROR_LINK: return HEDDLE_ERROR_LINK;
  case ERROR_LIMIT: return HEDDLE_ERROR_LIMIT;
  case ERROR_MEMORY: return HEDDLE_ERROR_MEMORY;
  case ERROR_IO: return HEDDLE_ERROR_IO;
  case ERROR_USAGE: return HEDDLE_ERROR_USAGE;
  case ERROR_NONE: break;
  }
  return HEDDLE_ERROR_HOST;
}

heddle_error_t *api_error(const struct error *e) {
  if (e->kind == ERROR_MEMORY) return api_error_memory();
  heddle_error_t *error = error_alloc(kind_of(e->kind), e->message, strlen(e->message));
  if (error == api_error_memory()) return error;
  error->pos = e->pos;
  error->offset = e->offset;
  error->line = e->line;
  error->column = e->column;
  return error;
}

heddle_error_t *heddle_error_format(const heddle_error_t *error, const char *file, heddle_str_t source,
                                    heddle_bytes_t *own) {
  struct error e = {.pos = error->pos, .offset = error->offset, .line = error->line, .column = error->column};
  struct buf b;
  snprintf(e.message, sizeof e.message, "%s", error->message);
  buf_init(&b);
  text_format_error(&e, file, bytes_of(source.data, source.len), &b);
  return give_bytes(&b, own);
}

heddle_error_t *heddle_error_new(const char *message) {
  if (!message) message = "host function failed";
  return error_alloc(HEDDLE_ERROR_HOST, message, strlen(message));
}

heddle_error_t *heddle_error_new_exit(int32_t code) {
  heddle_error_t *error = api_error_new(HEDDLE_ERROR_EXIT, "exit with status %d", code);
  if (error != api_error_memory()) error->exit_code = code;
  return error;
}

heddle_error_t *heddle_error_new_trap(heddle_trap_t trap, const char *message) {
  if (!message) message = heddle_trap_message(trap);
  heddle_error_t *error = error_alloc(HEDDLE_ERROR_TRAP, message, strlen(message));
  if (error != api_error_memory()) error->trap = trap;
  return error;
}

heddle_error_t *heddle_error_context(heddle_error_t *cause, const char *message) {
  if (!cause) return heddle_error_new(message);
  heddle_error_t *error = error_alloc(cause->kind, message ? message : "", message ? strlen(message) : 0);
  if (error == api_error_memory()) return cause;
  error->trap = cause->trap;
  error->exit_code = cause->exit_code;
  error->cause = cause;
  return error;
}

void heddle_error_delete(heddle_error_t *error) {
  while (error && error != api_error_memory()) {
    heddle_error_t *cause = error->cause;
    mem_free(error->frames);
    mem_free(error->suspend);
    mem_free(error);
    error = cause;
  }
}

heddle_error_kind_t heddle_error_kind(const heddle_error_t *error) { return error->kind; }
heddle_str_t heddle_error_message(const heddle_error_t *error) {
  return (heddle_str_t){error->message, error->message_len};
}
const heddle_error_t *heddle_error_cause(const heddle_error_t *error) { return error->cause; }

bool heddle_error_trap(const heddle_error_t *error, heddle_trap_t *out) {
  if (error->kind != HEDDLE_ERROR_TRAP) return false;
  *out = error->trap;
  return true;
}

bool heddle_error_exit_code(const heddle_error_t *error, int32_t *out) {
  if (error->kind != HEDDLE_ERROR_EXIT) return false;
  *out = error->exit_code;
  return true;
}

static const heddle_error_t *innermost(const heddle_error_t *error) {
  while (error->cause)
    error = error->cause;
  return error;
}

bool heddle_error_position(const heddle_error_t *error, uint64_t *offset, uint32_t *line, uint32_t *column) {
  error = innermost(error);
  *offset = error->pos == ERROR_POS_OFFSET ? error->offset : 0;
  *line = error->pos == ERROR_POS_LINE ? error->line : 0;
  *column = error->pos == ERROR_POS_LINE ? error->column : 0;
  return error->pos != ERROR_POS_NONE;
}

size_t heddle_error_frames(const heddle_error_t *error, heddle_frame_t *out, size_t max, size_t *total) {
  error = innermost(error);
  if (total) *total = error->total_frames;
  for (size_t i = 0; i < max && i < error->nframes; i++)
    out[i] = error->frames[i];
  return error->nframes;
}

const char *heddle_trap_message(heddle_trap_t trap) {
  static const char *const text[] = {
#define TRAP(id, message) message,
#include "abi/trap.def"
#undef TRAP
  };
  return (unsigned)trap < COUNT_OF(text) ? text[trap] : "unknown trap";
}
#define TRAP(id, message)                                                                                    \
  static_assert((int)HEDDLE_TRAP_##id == (int)TRAP_##id, "heddle.h and trap.def agree");
#include "abi/trap.def"
#undef TRAP
