/* What the files of the parser share: its state and the pieces of the grammar that call each other.  Only for
 * text/parse*.c.
 *
 * A module is read twice: parse_module.c's first pass gives every field its index and binds the ids, so that
 * the second pass can write the bytes of each section at once.  Types are read between the two, for inline
 * types need them all. Every function returns false once an error stands. */
#ifndef TEXT_PARSER_H
#define TEXT_PARSER_H

#include "text/ids.h"
#include "text/lex.h"
#include "text/parse.h"
#include "wasm/insn.h"

enum space {
  SPACE_TYPE,
  SPACE_FUNC,
  SPACE_TABLE,
  SPACE_MEMORY,
  SPACE_GLOBAL,
  SPACE_TAG,
  SPACE_ELEM,
  SPACE_DATA,
  SPACE_COUNT
};

/* What later uses need of a type definition. */
struct type_def {
  bool is_func;
  uint32_t nparams;
  struct slice sig;   /* functions: parameters and results as encoded */
  struct map *fields; /* named fields of a struct, or NULL */
};

/* The items of one section, or of one subsection of the name section. */
struct items {
  struct buf bytes;
  uint32_t len;
};

enum item_kind {
  ITEMS_TYPE,
  ITEMS_IMPORT,
  ITEMS_FUNC,
  ITEMS_TABLE,
  ITEMS_MEMORY,
  ITEMS_TAG,
  ITEMS_GLOBAL,
  ITEMS_EXPORT,
  ITEMS_ELEM,
  ITEMS_CODE,
  ITEMS_DATA,
  ITEMS_HINTS,
  ITEMS_NAME_FUNC,
  ITEMS_NAME_LOCAL,
  ITEMS_NAME_LABEL,
  ITEMS_NAME_TYPE,
  ITEMS_NAME_TABLE,
  ITEMS_NAME_MEMORY,
  ITEMS_NAME_GLOBAL,
  ITEMS_NAME_ELEM,
  ITEMS_NAME_DATA,
  ITEMS_NAME_FIELD,
  ITEMS_NAME_TAG,
  ITEMS_COUNT
};

/* An open construct of the instruction parser, see parse_insn.c. */
struct frame {
  uint8_t kind;       /* enum frame_kind */
  int8_t hint;        /* branch hint that stands before it: -1 none, 0, 1 */
  size_t pending;     /* its encoded instruction starts there in parser.pending */
  struct slice label; /* of an `if` whose condition is still read */
};

/* Where a custom section goes: by the `order` column of section.def. */
#define PLACE_FIRST         UINT32_C(0)
#define PLACE_BEFORE(order) (2 * (uint32_t)(order) + 1)
#define PLACE_AFTER(order)  (2 * (uint32_t)(order) + 2)
#define PLACE_LAST          UINT32_MAX

struct custom_text {
  uint32_t place;
  struct slice bytes; /* name and contents as encoded */
};

struct parser {
  struct lexer lx;
  struct features features;
  struct arena *arena;   /* the module's life */
  struct arena *scratch; /* the current function's life */
  struct ids space[SPACE_COUNT];
  uint32_t next[SPACE_COUNT]; /* second pass: the index of the next field */
  VEC(struct type_def) types;
  VEC(uint32_t) type_fields; /* source offsets of (type) and (rec) fields */
  struct map sigs;           /* encoded signature -> type index that an inline type may use */
  VEC(struct custom_text) customs;
  struct items items[ITEMS_COUNT];

  struct slice name; /* of the module */
  bool has_name;
  bool has_start, uses_data_count;
  uint32_t start;

  /* The current function. */
  struct ids locals;
  struct labels labels;
  uint32_t label_len; /* labels so far, for the name section */
  struct items local_names, label_names, hints;
  VEC(struct frame) frames;
  uint32_t nesting; /* open parentheses among the frames */
  int hint;         /* branch hint before the next instruction, or -1 */
  bool in_func;

  struct buf body, pending, list, sig, temp; /* scratch bytes, emptied by scratch_reset only */
  bool out_of_memory;                        /* one of them had failed when it was emptied */
  struct buf *out;                           /* where instructions go */
};

/* --- parse.c: words of the grammar --- */
bool parse_u32(struct parser *p, uint32_t *out, const char *what);
bool parse_u64(struct parser *p, uint64_t *out, const char *what);
bool parser_at_index(const struct parser *p); /* a number or an id */
/* An index of a space, or an id bound there. */
bool parse_index(struct parser *p, enum space space, uint32_t *index);
bool parse_ids_index(struct parser *p, const struct ids *ids, uint32_t *index);
/* An id, or empty. */
struct slice parse_opt_id(struct parser *p);
/* An id, or a name as an annotation in its place. */
bool parser_at_name(const struct parser *p);
/* (@name "..."), when it stands here, replaces `name`. */
bool parse_opt_name_annot(struct parser *p, struct slice *name);
/* A string that must be UTF-8, or any string. */
bool parse_name(struct parser *p, struct slice *name);
bool parse_bytes(struct parser *p, struct buf *out); /* string* appended to `out` */
void items_name(struct parser *p, enum item_kind kind, uint32_t index,
                struct slice name); /* when not empty */
void scratch_reset(struct parser *p, struct buf *b);
struct slice parser_copy(struct parser *p, struct slice s); /* to the module's arena */

/* --- parse_type.c --- */
bool parse_valtype(struct parser *p, valtype *t);
bool parse_reftype(struct parser *p, valtype *t);
bool parser_at_reftype(const struct parser *p);
bool parse_heaptype(struct parser *p, uint32_t *heap);
/* A (type) or (rec) field. */
bool parse_type_field(struct parser *p);
bool parse_globaltype(struct parser *p, struct globaltype *t);
bool parse_addrtype(struct parser *p);                   /* true for i64; may be missing */
bool parse_limits(struct parser *p, struct limits *l);   /* minimum and maximum */
bool parse_pagesize(struct parser *p, struct limits *l); /* (pagesize n), may be missing */
bool parse_memtype(struct parser *p, struct memtype *t);
bool parse_tabletype(struct parser *p, struct tabletype *t);

enum typeuse_mode { TYPEUSE_NAMED, TYPEUSE_UNNAMED };
struct typeuse {
  bool has_index;
  uint32_t index;
  uint32_t nparams, nresults; /* written inline */
  valtype first_result;
  uint32_t off;
};
/* (type x)? (param ..)* (result ..)*. The inline signature stays in p->sig. With TYPEUSE_NAMED, parameters
 * get the next indices of p->locals and their names go to p->local_names. */
bool parse_typeuse(struct parser *p, enum typeuse_mode mode, struct typeuse *u);
/* The type index; adds a type to the module when an inline signature has none yet. */
bool typeuse_index(struct parser *p, const struct typeuse *u, uint32_t *index);
/* The id or @name of a parameter or local, which gets the next index of p->locals. */
bool parse_local_name(struct parser *p);
/* (result t*)* behind `select`: appends to p->list. */
bool parse_result_list(struct parser *p, uint32_t *len);

/* --- parse_insn.c --- */
/* Empties what belongs to a function: locals, labels, names, the scratch arena. */
void parser_begin_func(struct parser *p);
/* Instructions up to the ")" that closes the enclosing form, which is left in place. */
bool parse_instrs(struct parser *p, struct buf *out);
/* Exactly one folded instruction. */
bool parse_folded(struct parser *p, struct buf *out);
/* "(offset instr*)" or one folded instruction, with the final `end`. */
bool parse_item_expr(struct parser *p, const char *keyword, struct buf *out);

/* --- assemble.c --- */
void assemble_module(struct parser *p, struct buf *out);

/* --- parse_module.c --- */
bool parse_fields(struct parser *p);       /* up to the ")" or the end, which stays */
bool parse_fields_index(struct parser *p); /* the first pass; leaves the lexer where it ended */
bool parse_custom_annot(struct parser *p);
bool parse_hint_annot(struct parser *p);

#endif
