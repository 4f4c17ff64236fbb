/* What a captured stack takes and returns, by where it stands: its function's type, what is bound to it, the
 * suspension in the module's own bytes. For continuations whose static type the host does not know. */
#include "abi/arch.h"
#include "runtime/cont.h"
#include "runtime/host.h"
#include "runtime/instance.h"
#include "wasm/module.h"

/* An unsigned LEB128 number of a valid module. */
static uint32_t read_u32(struct slice bytes, uint32_t *at) {
  uint32_t v = 0;
  for (uint32_t shift = 0; shift < 32 && *at < bytes.len; shift += 7) {
    uint8_t byte = bytes.data[(*at)++];
    v |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return v;
}

static const struct functype *canon_func(const struct store *s, const struct module *m, uint32_t type) {
  return &canon_type(s->canon, m->canon_ids[type])->func;
}

enum { OPCODE_SUSPEND = 0xe2, OPCODE_SWITCH = 0xe6 };

/* The instruction at which a stack of compiled code waits. */
static bool at_site(const struct store *s, const struct stack *head, struct functype *out) {
  const struct code_image *image = code_find(head->pc - 1);
  if (!image) return false;
  uint32_t off = (uint32_t)(head->pc - (uintptr_t)image->base), site = code_site_at(image, off), func, at;
  if (site == UINT32_MAX) return false;
  const struct module *m = image->module;
  uint32_t position = image->site_wasm[site];
  (void)code_inline_next(image, code_func_at(image, off - 1), &position, &func, &at);
  if (at >= m->bytes.len) return false;
  uint8_t opcode = m->bytes.data[at++];
  uint32_t index = read_u32(m->bytes, &at);
  if (opcode == OPCODE_SUSPEND && index < m->ntags) {
    const struct functype *t = canon_func(s, m, m->tags[index].type.type);
    out->params = t->results;
    out->nparams = t->nresults;
    return true;
  }
  if (opcode != OPCODE_SWITCH || index >= m->ntypes || m->types[index].kind != COMP_CONT) return false;
  const struct functype *target = canon_func(s, m, m->types[index].cont);
  if (!target->nparams || !vt_is_concrete(target->params[target->nparams - 1])) return false;
  const struct subtype *own = canon_type(s->canon, vt_index(target->params[target->nparams - 1]));
  if (own->kind != COMP_CONT) return false;
  out->params = canon_type(s->canon, own->cont)->func.params;
  out->nparams = canon_type(s->canon, own->cont)->func.nparams;
  return true;
}

bool cont_signature(const struct store *s, const struct stack *head, struct functype *out) {
  assert(stack_is_captured(head));
  const struct functype *first = &canon_type(s->canon, head->last->func->type)->func;
  *out = (struct functype){.results = first->results, .nresults = first->nresults};
  if (head->bound) {
    out->params = head->bound->types + head->bound->len;
    out->nparams = head->bound->ntypes - head->bound->len;
    return true;
  }
  if (cont_is_fresh(head)) return *out = *first, true;
  if (head->pc != (uint64_t)arch_host_resumed) return at_site(s, head, out);
  const struct functype *host = host_type((const struct vm_host *)head->inst);
  out->params = host->results;
  out->nparams = host->nresults;
  return true;
}
