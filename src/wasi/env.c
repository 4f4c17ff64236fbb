/* Arguments and environment: blocks of strings, given before the guest starts, copied out when it asks. */
#include "wasi/wasi.h"

#include <stdio.h>
#include <string.h>

enum { STRINGS_MAX_SIZE = 64 << 20, STRINGS_MAX_LEN = 1 << 20 };

static heddle_error_t *append(struct strings *s, const char *what, const char *name, const char *value) {
  if (!name) return heddle_error_new("WASI: a string is NULL");
  size_t size = strlen(name) + (value ? strlen(value) + 1 : 0) + 1;
  if (size > STRINGS_MAX_SIZE - s->bytes.len || s->len == STRINGS_MAX_LEN) {
    char message[80];
    snprintf(message, sizeof message, "WASI: the %s exceed 64 MiB or 2^20 strings", what);
    return heddle_error_new(message);
  }
  size_t before = s->bytes.len;
  buf_cstr(&s->bytes, name);
  if (value) {
    buf_u8(&s->bytes, '=');
    buf_cstr(&s->bytes, value);
  }
  buf_u8(&s->bytes, 0);
  if (!buf_ok(&s->bytes)) {
    s->bytes.len = before;
    s->bytes.failed = false;
    return heddle_error_new("WASI: out of memory");
  }
  s->len++;
  return NULL;
}

heddle_error_t *heddle_wasi_arg(heddle_wasi_t *wasi, const char *arg) {
  return append(&wasi->args, "arguments", arg, NULL);
}

heddle_error_t *heddle_wasi_env(heddle_wasi_t *wasi, const char *name, const char *value) {
  if (!name || !value) return heddle_error_new("WASI: a string is NULL");
  size_t len = strlen(name);
  if (!len || strchr(name, '='))
    return heddle_error_new("WASI: the name of an environment variable is empty or contains '='");
  char *data = (char *)wasi->env.bytes.data;
  for (size_t at = 0; at < wasi->env.bytes.len;) {
    size_t size = strlen(data + at) + 1;
    if (!strncmp(data + at, name, len) && data[at + len] == '=') {
      memmove(data + at, data + at + size, wasi->env.bytes.len - at - size);
      wasi->env.bytes.len -= size;
      wasi->env.len--;
      break;
    }
    at += size;
  }
  return append(&wasi->env, "environment variables", name, value);
}

/* Arguments 0 and 1: an array of pointers, and the bytes that they point to. */
static enum wasi_errno strings_get(struct call *c, const struct strings *s) {
  uint32_t to = call_u32(c, 1);
  uint8_t *pointers = guest_array(&c->guest, call_u32(c, 0), s->len, 4);
  uint8_t *bytes = guest_slice(&c->guest, to, s->bytes.len);
  if (!pointers || !bytes) return ERRNO_FAULT;
  if (s->bytes.len) memcpy(bytes, s->bytes.data, s->bytes.len);
  uint32_t at = 0;
  for (uint32_t i = 0; i < s->len; i++) {
    put_u32(pointers + (size_t)i * 4, to + at);
    at += (uint32_t)strlen((const char *)s->bytes.data + at) + 1;
  }
  return ERRNO_SUCCESS;
}

static enum wasi_errno strings_sizes(struct call *c, const struct strings *s) {
  put_u32(call_out(c, 0), s->len);
  put_u32(call_out(c, 1), (uint32_t)s->bytes.len);
  return ERRNO_SUCCESS;
}

enum wasi_errno sys_args_get(struct call *c) { return strings_get(c, &c->wasi->args); }
enum wasi_errno sys_args_sizes_get(struct call *c) { return strings_sizes(c, &c->wasi->args); }
enum wasi_errno sys_environ_get(struct call *c) { return strings_get(c, &c->wasi->env); }
enum wasi_errno sys_environ_sizes_get(struct call *c) { return strings_sizes(c, &c->wasi->env); }
