/* The walk over a function body.
 *
 * In: a body's bytes, its function type.  Out: facts for the compiler, or an error.  Rows of opcode.def with
 * a signature are judged here, their immediates by shape; rows marked "*" go to validate/<family>.c. Must
 * not: recurse; spend more than linear time (runs of locals are not expanded beyond the first DENSE_LOCALS).
 */
#include "validate/validator.h"

#include <string.h>

/* ---- signatures ---- */

static uint8_t sig_type(char letter) {
  switch (letter) {
  case 'i': return VT_I32;
  case 'I': return VT_I64;
  case 'f': return VT_F32;
  case 'F': return VT_F64;
  case 'v': return VT_V128;
  case 'a': return SIG_ADDR;
  case 'r': return SIG_ANY_REF;
  default: unreachable();
  }
}

static uint8_t sig_list(const char *letters, uint8_t *types, size_t max, struct op_sig *s) {
  size_t n = strlen(letters);
  assert(n <= max);
  (void)max;
  for (size_t i = 0; i < n; i++) {
    types[i] = sig_type(letters[i]);
    if (types[i] == SIG_ADDR || types[i] == SIG_ANY_REF) s->special = true;
  }
  return (uint8_t)n;
}

/* "i16x8.replace_lane" has 8 lanes. */
static uint8_t lanes_of(const struct op_info *info) {
  if (info->imm == IMM_MEMARG_LANE) return (uint8_t)(16u >> info->align_log2);
  const char *x = strchr(info->text, 'x');
  if (info->imm != IMM_LANE || !x) return 0;
  return x[1] == '1' ? 16 : (uint8_t)(x[1] - '0');
}

static void sigs_init(struct op_sig sigs[OP_COUNT]) {
  memset(sigs, 0, OP_COUNT * sizeof *sigs);
  for (uint32_t op = OP_INVALID + 1; op < OP_COUNT; op++) {
    const struct op_info *info = op_info((enum op)op);
    struct op_sig *s = &sigs[op];
    s->lanes = lanes_of(info);
    if (info->params[0] == '*') {
      s->kind = SIG_FAMILY;
      continue;
    }
    switch (info->imm) {
    case IMM_NONE:
    case IMM_I32:
    case IMM_I64:
    case IMM_F32:
    case IMM_F64:
    case IMM_V128:
    case IMM_FENCE: s->kind = SIG_PLAIN; break;
    default: s->kind = SIG_IMMEDIATE;
    }
    s->nparams = sig_list(info->params, s->params, SIG_MAX_PARAMS, s);
    s->nresults = sig_list(info->results, s->results, SIG_MAX_RESULTS, s);
    if (s->kind == SIG_PLAIN && s->special) s->kind = SIG_IMMEDIATE;
  }
}

/* ---- immediates ---- */

static bool memory_exists(struct validator *v, const struct insn *in, uint32_t index) {
  return index < v->m->nmems || validator_fail(v, in, "unknown memory %u", index);
}
static bool table_exists(struct validator *v, const struct insn *in, uint32_t index) {
  return index < v->m->ntables || validator_fail(v, in, "unknown table %u", index);
}
static bool elem_exists(struct validator *v, const struct insn *in, uint32_t index) {
  return index < v->m->nelems || validator_fail(v, in, "unknown elem segment %u", index);
}
static bool data_exists(struct validator *v, const struct insn *in, uint32_t index) {
  if (!v->m->has_data_count)
    return error_at(v->error, ERROR_MALFORMED, in->off, "data count section required");
  return index < v->m->ndatas || validator_fail(v, in, "unknown data segment %u", index);
}

static bool memarg_check(struct validator *v, const struct insn *in) {
  const struct op_info *info = op_info(in->op);
  if (!memory_exists(v, in, in->a)) return false;
  if (info->imm == IMM_ATOMIC_MEMARG) {
    if (in->align != info->align_log2)
      return validator_fail(v, in, "atomic alignment must be natural: expected 2^%u, found 2^%u",
                            info->align_log2, in->align);
  } else if (in->align > info->align_log2) {
    return validator_fail(v, in, "alignment must not be larger than natural: natural 2^%u, found 2^%u",
                          info->align_log2, in->align);
  }
  if (in->offset > UINT32_MAX && !v->m->mems[in->a].type.limits.is64)
    return validator_fail(v, in, "offset out of range: %llu in a 32-bit memory",
                          (unsigned long long)in->offset);
  return true;
}

static bool lane_check(struct validator *v, const struct insn *in, uint32_t lane, uint32_t lanes) {
  return lane < lanes || validator_fail(v, in, "invalid lane index %u of %u lanes", lane, lanes);
}

static bool shuffle_check(struct validator *v, const struct insn *in) {
  for (uint32_t i = 0; i < 16; i++)
    if (!lane_check(v, in, in->v128[i], 32)) return false;
  return true;
}

bool immediates_check(struct validator *v, const struct insn *in) {
  const struct module *m = v->m;
  switch ((enum imm)op_info(in->op)->imm) {
  case IMM_NONE:
  case IMM_I32:
  case IMM_I64:
  case IMM_F32:
  case IMM_F64:
  case IMM_V128:
  case IMM_FENCE:
  case IMM_BLOCK:
  case IMM_LABELS:
  case IMM_SELECT:
  case IMM_TRY_TABLE: /* by the family */
  case IMM_COUNT: return true;
  case IMM_LABEL: return label_check(v, in, in->a);
  case IMM_FUNC: return in->a < m->nfuncs || validator_fail(v, in, "unknown function %u", in->a);
  case IMM_TYPE:
  case IMM_FIELD:
  case IMM_TYPE_COUNT:
  case IMM_RESUME: return type_check(v, in, in->a);
  case IMM_INDIRECT: return table_exists(v, in, in->b) && type_check(v, in, in->a);
  case IMM_LOCAL: return in->a < v->nlocals || validator_fail(v, in, "unknown local %u", in->a);
  case IMM_GLOBAL: return in->a < m->nglobals || validator_fail(v, in, "unknown global %u", in->a);
  case IMM_TABLE: return table_exists(v, in, in->a);
  case IMM_TABLE2: return table_exists(v, in, in->a) && table_exists(v, in, in->b);
  case IMM_ELEM: return elem_exists(v, in, in->a);
  case IMM_TABLE_ELEM: return table_exists(v, in, in->a) && elem_exists(v, in, in->b);
  case IMM_MEMORY: return memory_exists(v, in, in->a);
  case IMM_MEMORY2: return memory_exists(v, in, in->a) && memory_exists(v, in, in->b);
  case IMM_DATA: return data_exists(v, in, in->a);
  case IMM_MEMORY_DATA: return memory_exists(v, in, in->a) && data_exists(v, in, in->b);
  case IMM_MEMARG:
  case IMM_ATOMIC_MEMARG: return memarg_check(v, in);
  case IMM_MEMARG_LANE: return memarg_check(v, in) && lane_check(v, in, in->lane, v->sigs[in->op].lanes);
  case IMM_LANE: return lane_check(v, in, in->lane, v->sigs[in->op].lanes);
  case IMM_SHUFFLE: return shuffle_check(v, in);
  case IMM_HEAPTYPE:
  case IMM_REFTYPE: return valtype_check(v, in, in->type);
  case IMM_BR_CAST:
    return label_check(v, in, in->a) && valtype_check(v, in, in->type) && valtype_check(v, in, in->type2);
  case IMM_TYPE2: return type_check(v, in, in->a) && type_check(v, in, in->b);
  case IMM_TYPE_DATA: return type_check(v, in, in->a) && data_exists(v, in, in->b);
  case IMM_TYPE_ELEM: return type_check(v, in, in->a) && elem_exists(v, in, in->b);
  case IMM_TAG: return tag_check(v, in, in->a);
  case IMM_RESUME_THROW:
  case IMM_SWITCH: return type_check(v, in, in->a) && tag_check(v, in, in->b);
  }
  unreachable();
}

/* ---- one instruction ---- */

/* The address type of the memory or table that the row's immediate names. */
static valtype insn_addr(const struct validator *v, const struct insn *in) {
  switch (op_info(in->op)->imm) {
  case IMM_TABLE:
  case IMM_TABLE_ELEM: return limits_addr(&v->m->tables[in->a].type.limits);
  default: return limits_addr(&v->m->mems[in->a].type.limits);
  }
}

static bool signature_check_slow(struct validator *v, const struct insn *in, const struct op_sig *s) {
  valtype addr = s->special && op_info(in->op)->imm != IMM_NONE ? insn_addr(v, in) : VT_NONE;
  for (uint32_t i = s->nparams; i-- > 0;) {
    valtype t = s->params[i], found;
    bool ok =
        t == SIG_ANY_REF ? operand_pop_ref(v, in, &found) : operand_pop(v, in, t == SIG_ADDR ? addr : t);
    if (!ok) return false;
  }
  for (uint32_t i = 0; i < s->nresults; i++)
    operand_push(v, s->results[i] == SIG_ADDR ? addr : s->results[i]);
  return true;
}

static inline bool signature_check(struct validator *v, const struct insn *in, const struct op_sig *s) {
  uint32_t n = s->nparams;
  if (s->special || v->len - v->top->height < n) return signature_check_slow(v, in, s);
  valtype *at = v->stack + v->len - n;
  for (uint32_t i = 0; i < n; i++)
    if (at[i] != s->params[i]) return signature_check_slow(v, in, s);
  for (uint32_t i = 0; i < s->nresults; i++)
    at[i] = s->results[i];
  v->len += s->nresults - n;
  return true;
}

static bool family_check(struct validator *v, const struct insn *in) {
  switch ((enum family)op_info(in->op)->family) {
  case FAMILY_CONTROL: return control_check(v, in);
  case FAMILY_CALL: return call_check(v, in);
  case FAMILY_VARIABLE: return variable_check(v, in);
  case FAMILY_MEMORY: return memory_check(v, in);
  case FAMILY_TABLE: return table_check(v, in);
  case FAMILY_REF: return ref_check(v, in);
  case FAMILY_GC: return gc_check(v, in);
  case FAMILY_EXN: return exn_check(v, in);
  case FAMILY_CONT: return cont_check(v, in);
  case FAMILY_LEGACY: return legacy_check(v, in);
  case FAMILY_NONE:
  case FAMILY_NUMERIC:
  case FAMILY_SIMD:
  case FAMILY_ATOMIC: break; /* all rows have signatures */
  }
  unreachable();
}

bool insn_check(struct validator *v, const struct insn *in) {
  const struct op_sig *s = &v->sigs[in->op];
  if (!operands_reserve(v, in, OPERAND_SLACK)) return false;
  switch ((enum sig_kind)s->kind) {
  case SIG_INVALID: return false; /* insn_read has reported why */
  case SIG_PLAIN: return signature_check(v, in, s);
  case SIG_IMMEDIATE: return immediates_check(v, in) && signature_check(v, in, s);
  case SIG_FAMILY: return immediates_check(v, in) && family_check(v, in);
  }
  unreachable();
}

/* ---- a body ---- */

void validator_init(struct validator *v, struct module *m, struct canon *c, struct arena *scratch,
                    struct error *e) {
  *v = (struct validator){.m = m, .canon = c, .scratch = scratch, .error = e};
  sigs_init(v->sigs);
  lane_init(v->lane, v->sigs, m->features);
}

bool validator_begin(struct validator *v, const valtype *results, uint32_t nresults) {
  struct insn none = {.op = OP_BLOCK};
  v->len = v->max_len = v->max_depth = 0;
  v->ctrls.len = v->inits.len = 0;
  return operands_reserve(v, &none, OPERAND_SLACK) &&
         ctrl_push(v, &none, &(struct ctrl){.op = OP_BLOCK, .results = results, .nresults = nresults});
}

static bool locals_read(struct validator *v, struct reader *r) {
  const struct functype *t = v->type;
  uint64_t total = t->nparams;
  v->ndense = min_u32(t->nparams, DENSE_LOCALS);
  if (v->ndense) memcpy(v->dense, t->params, v->ndense * sizeof *v->dense);
  v->runs.len = 0;
  v->has_uninit = false;
  v->epoch++;
  uint32_t nruns = read_count(r, UINT32_MAX, 2, "local groups");
  for (uint32_t i = 0; i < nruns && reader_ok(r); i++) {
    uint64_t off = reader_off(r);
    uint32_t n = read_uleb32(r);
    uint64_t type_off = reader_off(r);
    valtype type = read_valtype(r, v->m->features);
    if (!reader_ok(r)) return false;
    if (vt_is_concrete(type) && vt_index(type) >= v->m->ntypes)
      return error_at(v->error, ERROR_INVALID, type_off, "unknown type %u (local of function %u)",
                      vt_index(type), v->index);
    total += n;
    if (total > MAX_LOCALS)
      return error_at(v->error, ERROR_MALFORMED, off, "too many locals: at most %u (function %u)", MAX_LOCALS,
                      v->index);
    if (n == 0) continue;
    if (!vt_is_defaultable(type)) v->has_uninit = true;
    VEC_PUSH(v->scratch, &v->runs, ((struct local_run){.end = (uint32_t)total, .type = type}));
    while (v->ndense < total && v->ndense < DENSE_LOCALS)
      v->dense[v->ndense++] = type;
  }
  v->nlocals = (uint32_t)total;
  if (v->has_uninit && !v->init_epoch) v->init_epoch = ARENA_ARRAY(v->scratch, uint32_t, MAX_LOCALS);
  return reader_ok(r);
}

static bool body_check(struct validator *v, struct reader *r) {
  struct insn in = {.op = OP_INVALID};
  struct features f = v->m->features;
  while (v->ctrls.len) {
    lane_run(v, r);
    if (reader_done(r))
      return reader_fail(r, ERROR_MALFORMED, "unexpected end of section or function (function %u)", v->index);
    insn_read(r, f, &in);
    if (!insn_check(v, &in)) return false;
    v->max_len = max_u32(v->max_len, v->len);
  }
  return true;
}

bool func_validate(struct validator *v, uint32_t index, struct func_facts *facts) {
  const struct func *func = &v->m->funcs[index];
  struct slice body = {v->m->bytes.data + func->body_off, func->body_size};
  struct reader r = reader_of(body, func->body_off, v->error);
  v->where = NULL;
  v->index = index;
  v->type = &v->m->types[func->type].func;
  if (!locals_read(v, &r) || !validator_begin(v, v->type->results, v->type->nresults) || !body_check(v, &r))
    return false;
  if (!reader_done(&r))
    return reader_fail(&r, ERROR_MALFORMED, "section size mismatch: bytes after the end of function %u",
                       index);
  *facts = (struct func_facts){.nlocals = v->nlocals, .max_depth = v->max_depth, .max_operands = v->max_len};
  return true;
}
