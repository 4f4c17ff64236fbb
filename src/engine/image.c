/* See image.h. */
#include "engine/image.h"

#include "os/build_id.h"
#include "os/file.h"
#include "os/vm.h"
#include "runtime/code_area.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IMAGE_ALIGN = 4096 };
enum { FACT_INDIRECT_TAIL_CALLS = 1, FACT_WRITES_TABLES = 2 };
static const char magic[16] = "heddle code 3\n";
static_assert(sizeof(struct image_head) == 96, "no padding");

struct image_head image_head_of(const struct engine *engine, uint64_t wasm_size) {
  struct image_head h = {.wasm_size = wasm_size,
                         .features = engine->config.features.bits,
                         .options = compile_config_key(&engine->compile),
                         .cpu = engine->compile.isa_config.cpu};
  struct slice build = os_build_id();
  memcpy(h.magic, magic, sizeof magic);
  if (build.len) memcpy(h.build, build.data, min_u64(build.len, sizeof h.build));
  memcpy(h.isa, engine->compile.isa->name, min_u64(strlen(engine->compile.isa->name), sizeof h.isa));
  return h;
}

bool image_is(struct slice bytes) {
  return bytes.len >= sizeof magic && !memcmp(bytes.data, magic, sizeof magic);
}

static void save_head(const struct program *p, struct gather *out) {
  struct slice wasm = p->valid->module->bytes;
  struct image_head head = image_head_of(p->engine, wasm.len);
  if (p->valid->has_indirect_tail_calls) head.facts |= FACT_INDIRECT_TAIL_CALLS;
  if (p->valid->writes_tables) head.facts |= FACT_WRITES_TABLES;
  gather_bytes(out, &head, sizeof head);
  gather_borrow(out, wasm.data, wasm.len);
}

void image_save(const struct program *p, struct gather *out) {
  save_head(p, out);
  if (p->image->area)
    code_area_save(p->image->area, out);
  else
    code_image_save(p->image, out);
}

/* Ends in *out and *image, the caller's; also when it fails. */
static bool save_whole(const struct program *p, struct gather *out, struct code_image **image,
                       struct error *e) {
  gather_init(out);
  *image = p->image->area ? NULL : code_image_ref(p->image);
  if (!*image && !program_compile(p, NULL, NULL, NULL, image, e)) return false;
  save_head(p, out);
  code_image_save(*image, out);
  return gather_end(out) || error_memory(e);
}

uint8_t *image_save_bytes(const struct program *p, size_t *len, struct error *e) {
  struct gather g;
  struct code_image *image;
  uint8_t *all = NULL;
  if (save_whole(p, &g, &image, e)) {
    *len = g.len;
    all = gather_join(&g);
    if (!all) error_memory(e);
  }
  gather_free(&g);
  code_image_unref(image);
  return all;
}

bool image_save_file(const struct program *p, const char *path, struct error *e) {
  struct gather g;
  struct code_image *image;
  bool ok = save_whole(p, &g, &image, e) && file_write_pieces(path, g.pieces, g.npieces, e);
  gather_free(&g);
  code_image_unref(image);
  return ok;
}

/* What differs, in words that say what to do. */
static bool check_head(const struct engine *engine, const struct image_head *head, size_t len,
                       struct error *e) {
  struct image_head want = image_head_of(engine, head->wasm_size);
  if (memcmp(head->magic, want.magic, sizeof want.magic))
    return error_set(e, ERROR_MALFORMED, "this is no file made by `heddle compile`");
  if (memcmp(head->build, want.build, sizeof want.build) || memcmp(head->isa, want.isa, sizeof want.isa))
    return error_set(e, ERROR_UNSUPPORTED,
                     "the code was compiled by another build of heddle: compile the module again");
  if (head->cpu != want.cpu)
    return error_set(e, ERROR_UNSUPPORTED, "the code was compiled for another CPU: compile the module again");
  if (head->options != want.options || head->features != want.features)
    return error_set(
        e, ERROR_UNSUPPORTED,
        "the code was compiled with other options (-W, -O, -C): compile the module again with these");
  if (head->wasm_size > len - sizeof *head) return error_set(e, ERROR_MALFORMED, "the file is cut short");
  return true;
}

/* Whether the file's module is this one, byte for byte. */
static bool holds(struct slice file, struct slice wasm) {
  struct image_head head;
  memcpy(&head, file.data, sizeof head);
  return head.wasm_size == wasm.len && file.len - sizeof head >= wasm.len &&
         !memcmp(file.data + sizeof head, wasm.data, wasm.len);
}

/* Takes over the mapping `file`. */
static bool load(struct engine *engine, int fd, struct slice file, struct program **out, struct error *e) {
  struct image_head head;
  memcpy(&head, file.data, sizeof head);
  bool ok = check_head(engine, &head, file.len, e);
  size_t code_off = ok ? align_up(sizeof head + head.wasm_size, IMAGE_ALIGN) : 0;
  if (ok && code_off > file.len) ok = error_set(e, ERROR_MALFORMED, "the file is cut short");
  if (!ok) {
    vm_release(file.data, vm_page_up(file.len));
    return false;
  }
  struct program *p;
  struct slice code = slice_of(file.data + code_off, file.len - code_off);
  bool in_part = code_area_is_saved(code);
  struct body_facts bodies = {.has_indirect_tail_calls = head.facts & FACT_INDIRECT_TAIL_CALLS,
                              .writes_tables = head.facts & FACT_WRITES_TABLES};
  if (!program_adopt(engine, file, slice_of(file.data + sizeof head, head.wasm_size), bodies, &p, e))
    return false;
  const struct module *m = p->valid->module;
  if (in_part ? lazy_resume(p, fd, code_off, code, e) : code_image_map(fd, code_off, code, m, &p->image, e)) {
    *out = p;
    return true;
  }
  program_unref(p);
  return false;
}

bool image_load_fd(struct engine *engine, int fd, uint64_t size, const struct slice *wasm,
                   struct program **out, struct error *e) {
  if (size < sizeof(struct image_head) || size > PTRDIFF_MAX)
    return error_set(e, ERROR_MALFORMED, "this is no file made by `heddle compile`");
  const void *data = vm_map_file(fd, (size_t)size);
  if (!data) return error_set(e, ERROR_IO, "cannot be mapped");
  struct slice file = slice_of(data, (size_t)size);
  if (!wasm || holds(file, *wasm)) return load(engine, fd, file, out, e);
  vm_release(data, vm_page_up(file.len));
  return error_set(e, ERROR_UNSUPPORTED, "this is the code of another module");
}

bool image_load_file(struct engine *engine, const char *path, struct program **out, struct error *e) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st)) {
    if (fd >= 0) close(fd);
    return error_set(e, ERROR_IO, "cannot be read");
  }
  uint64_t size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
  bool ok = image_load_fd(engine, fd, size, NULL, out, e);
  close(fd);
  return ok;
}
