/* See cache.h. */
#include "engine/cache.h"

#include "base/gather.h"
#include "engine/image.h"
#include "os/build_id.h"
#include "os/private_dir.h"
#include "runtime/code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A smaller module is compiled in the time that the cache takes. */
enum { SMALLEST_MODULE = 16 << 10, NAME_SIZE = 64 };

/* Of any bytes; need not resist anybody, since a file's content is compared as well. */
static uint64_t hash(const void *data, size_t len) {
  const uint64_t prime = UINT64_C(0x9e3779b97f4a7c15);
  const uint8_t *at = data;
  uint64_t h = len * prime;
  for (; len >= 8; at += 8, len -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    h = (h ^ word) * prime;
    h ^= h >> 29;
  }
  for (; len > 0; at++, len--)
    h = (h ^ *at) * prime;
  return h ^ h >> 32;
}

/* Without a build's identity the code of another build could be taken for ours. */
uint64_t cache_key(const struct engine *engine, struct slice wasm) {
  if (!engine->config.cache || wasm.len < SMALLEST_MODULE || !os_build_id().len) return 0;
  return hash(wasm.data, wasm.len) | 1;
}

/* The module's key, then the hash of all else its code depends on. */
static void name_of(const struct engine *engine, uint64_t key, size_t wasm_len, char name[NAME_SIZE]) {
  struct image_head head = image_head_of(engine, wasm_len);
  snprintf(name, NAME_SIZE, "%016llx-%016llx", (unsigned long long)key,
           (unsigned long long)hash(&head, sizeof head));
}

bool cache_path(char *path, size_t size) {
  const char *base = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
  int n = -1;
  if (base && *base == '/')
    n = snprintf(path, size, "%s/heddle", base);
  else if (home && *home == '/')
    n = snprintf(path, size, "%s/.cache/heddle", home);
  return n > 0 && (size_t)n < size;
}

static int open_dir(bool make) {
  char path[4096];
  return cache_path(path, sizeof path) ? private_dir_open(path, make) : -1;
}

bool cache_find(struct engine *engine, struct slice wasm, uint64_t key, struct program **out) {
  int dir = key ? open_dir(false) : -1;
  if (dir < 0) return false;
  char name[NAME_SIZE];
  uint64_t size;
  name_of(engine, key, wasm.len, name);
  int fd = private_dir_use(dir, name, &size);
  close(dir);
  if (fd < 0) return false;
  struct error e = ERROR_INIT;
  bool ok = image_load_fd(engine, fd, size, &wasm, out, &e);
  close(fd);
  if (!ok) return false;
  if ((*out)->image->area && !engine->config.lazy) {
    program_unref(*out);
    return false;
  }
  (*out)->cache_key = key;
  return true;
}

/* ---- its size ---- */

struct listing {
  uint64_t files, size;
  char oldest[NAME_SIZE + 32]; /* with the ending that a file under way has */
  uint64_t oldest_ns;
};

static void list_file(void *env, const char *name, uint64_t size, uint64_t used_ns) {
  struct listing *l = env;
  size_t len = strlen(name);
  l->files++;
  l->size += size;
  if (len >= sizeof l->oldest || (l->oldest[0] && used_ns >= l->oldest_ns)) return;
  memcpy(l->oldest, name, len + 1);
  l->oldest_ns = used_ns;
}

static struct listing list_files(int dir) {
  struct listing l = {0};
  private_dir_each(dir, list_file, &l);
  return l;
}

/* One file comes in at a time, so few have to go; each look finds one. */
static void evict(int dir, uint64_t most) {
  enum { GO_AT_ONCE = 64 };
  for (unsigned n = 0; n < GO_AT_ONCE; n++) {
    struct listing l = list_files(dir);
    if (l.size <= most || !l.oldest[0]) return;
    if (!private_dir_remove(dir, l.oldest)) return;
  }
}

void cache_keep(const struct program *p) {
  int dir = p->cache_key ? open_dir(true) : -1;
  if (dir < 0) return;
  struct gather image;
  gather_init(&image);
  image_save(p, &image);
  if (gather_end(&image) && image.len <= p->engine->config.cache_size) {
    char name[NAME_SIZE];
    name_of(p->engine, p->cache_key, p->valid->module->bytes.len, name);
    if (private_dir_write(dir, name, image.pieces, image.npieces)) evict(dir, p->engine->config.cache_size);
  }
  gather_free(&image);
  close(dir);
}

void cache_measure(uint64_t *files, uint64_t *size_bytes) {
  int dir = open_dir(false);
  struct listing l = {0};
  if (dir >= 0) l = list_files(dir);
  *files = l.files;
  *size_bytes = l.size;
  if (dir >= 0) close(dir);
}

struct cleaning {
  int dir;
  uint64_t gone;
};

static void remove_file(void *env, const char *name, uint64_t size, uint64_t used_ns) {
  struct cleaning *c = env;
  (void)size, (void)used_ns;
  c->gone += private_dir_remove(c->dir, name);
}

uint64_t cache_clean(void) {
  struct cleaning c = {.dir = open_dir(false)};
  if (c.dir < 0) return 0;
  private_dir_each(c.dir, remove_file, &c);
  close(c.dir);
  return c.gone;
}
