/* The GNU build ID: a note in the segments of the ELF file that this object was linked into. */
#include "os/build_id.h"

#include <elf.h>
#include <string.h>

/* The linker's own: where the headers of this very file stand in memory. */
extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));

static struct slice id_in(const uint8_t *at, size_t size) {
  while (size >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    memcpy(&note, at, sizeof note);
    size_t name = align_up(note.n_namesz, 4), whole = sizeof note + name + align_up(note.n_descsz, 4);
    if (whole > size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(at + sizeof note, "GNU", 4))
      return slice_of(at + sizeof note + name, note.n_descsz);
    at += whole;
    size -= whole;
  }
  return slice_of(NULL, 0);
}

struct slice os_build_id(void) {
  const uint8_t *file = __ehdr_start;
  Elf64_Ehdr head;
  memcpy(&head, file, sizeof head);
  const Elf64_Phdr *segments = (const Elf64_Phdr *)(const void *)(file + head.e_phoff);
  for (unsigned i = 0; i < head.e_phnum; i++) {
    if (segments[i].p_type != PT_NOTE) continue;
    struct slice id = id_in(file + segments[i].p_vaddr, segments[i].p_memsz);
    if (id.len) return id;
  }
  return slice_of(NULL, 0);
}
