/* heddle: run WebAssembly.  The whole public API is this header and heddle_wasi.h.
 *
 * Errors: every call that can fail returns heddle_error_t *: NULL when all went well, else an error that the
 * caller deletes. Nothing here aborts, writes errno as a result, or prints. An embedder's mistake with a
 * handle, a type, a value, a number or a text is an error of kind USAGE; so is NULL for an array that is not
 * empty, a name or a callback. Only pointers to objects and to what a call writes must be good.
 *
 * Ownership: _new, _parse and "out" parameters marked `own` give ownership; _delete takes it and accepts
 * NULL. All other pointers are borrowed; what a getter returns is valid until the object it was asked of
 * changes or dies.
 *
 * Threads: heddle_engine_t and heddle_module_t may be used from any thread and are reference counted. A store
 * and all that lives in it belongs to one thread at a time; only heddle_interrupt_* may be called from
 * elsewhere.
 *
 * Signals: the first engine installs handlers for SIGSEGV, SIGBUS and SIGILL that pass on what is not ours. A
 * handler of yours that may run on a thread inside WebAssembly must be installed with SA_ONSTACK; one without
 * (of a library, say) must be there before a store makes its first continuation, whose stacks then keep room
 * for it.
 *
 * Handles: functions, memories, references ... are small values that name things inside one store. Using one
 * with another store is a HEDDLE_ERROR_USAGE, never undefined.
 *
 * Since: everything here exists since 0.1 unless it says otherwise. */
#ifndef HEDDLE_H
#define HEDDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef HEDDLE_API
#define HEDDLE_API __attribute__((visibility("default")))
#endif
#define HEDDLE_API_VERSION 1

typedef struct heddle_config heddle_config_t;
typedef struct heddle_engine heddle_engine_t;
typedef struct heddle_module heddle_module_t;
typedef struct heddle_store heddle_store_t;
typedef struct heddle_linker heddle_linker_t;
typedef struct heddle_caller heddle_caller_t;
typedef struct heddle_error heddle_error_t;
typedef struct heddle_interrupt heddle_interrupt_t;
typedef struct heddle_shared_memory heddle_shared_memory_t;

/* Borrowed bytes; text is UTF-8 without a NUL at the end. */
typedef struct heddle_str {
  const char *data;
  size_t len;
} heddle_str_t;
/* Owned bytes, of the library or to be filled after heddle_bytes_new (false: no memory); end with
 * heddle_bytes_delete. */
typedef struct heddle_bytes {
  uint8_t *data;
  size_t len;
} heddle_bytes_t;
HEDDLE_API bool heddle_bytes_new(size_t len, heddle_bytes_t *own);
HEDDLE_API void heddle_bytes_delete(heddle_bytes_t *bytes);

HEDDLE_API const char *heddle_version(void); /* "0.1.0" */
HEDDLE_API uint32_t heddle_api_version(void);

/* ---- errors
 * ------------------------------------------------------------------------------------------------------ */

typedef enum heddle_error_kind {
  HEDDLE_ERROR_MALFORMED = 1, /* not a module */
  HEDDLE_ERROR_INVALID,       /* ill-typed module */
  HEDDLE_ERROR_UNSUPPORTED,   /* valid, but this version cannot run it */
  HEDDLE_ERROR_LINK,          /* an import is missing or has another type */
  HEDDLE_ERROR_TRAP,          /* heddle_error_trap says which */
  HEDDLE_ERROR_EXCEPTION,     /* an uncaught WebAssembly exception */
  HEDDLE_ERROR_SUSPENDED,     /* a suspension that nobody handles */
  HEDDLE_ERROR_EXIT,          /* the guest asked to end (proc_exit): heddle_error_exit_code */
  HEDDLE_ERROR_LIMIT,
  HEDDLE_ERROR_MEMORY, /* the host is out of memory */
  HEDDLE_ERROR_IO,
  HEDDLE_ERROR_USAGE, /* wrong arity or type, foreign handle, unknown option ... */
  HEDDLE_ERROR_HOST   /* made by heddle_error_new in a callback */
} heddle_error_kind_t;

typedef enum heddle_trap {
  HEDDLE_TRAP_NONE = 0,
  HEDDLE_TRAP_UNREACHABLE,
  HEDDLE_TRAP_MEMORY_OUT_OF_BOUNDS,
  HEDDLE_TRAP_TABLE_OUT_OF_BOUNDS,
  HEDDLE_TRAP_UNDEFINED_ELEMENT,
  HEDDLE_TRAP_UNINITIALIZED_ELEMENT,
  HEDDLE_TRAP_INDIRECT_CALL_TYPE_MISMATCH,
  HEDDLE_TRAP_INTEGER_DIVIDE_BY_ZERO,
  HEDDLE_TRAP_INTEGER_OVERFLOW,
  HEDDLE_TRAP_INVALID_CONVERSION_TO_INTEGER,
  HEDDLE_TRAP_STACK_EXHAUSTED,
  HEDDLE_TRAP_NULL_REFERENCE,
  HEDDLE_TRAP_NULL_FUNCTION_REFERENCE,
  HEDDLE_TRAP_NULL_STRUCT_REFERENCE,
  HEDDLE_TRAP_NULL_ARRAY_REFERENCE,
  HEDDLE_TRAP_NULL_I31_REFERENCE,
  HEDDLE_TRAP_NULL_EXCEPTION_REFERENCE,
  HEDDLE_TRAP_NULL_CONTINUATION_REFERENCE,
  HEDDLE_TRAP_ARRAY_OUT_OF_BOUNDS,
  HEDDLE_TRAP_CAST_FAILURE,
  HEDDLE_TRAP_CONTINUATION_CONSUMED,
  HEDDLE_TRAP_UNALIGNED_ATOMIC,
  HEDDLE_TRAP_EXPECTED_SHARED_MEMORY,
  HEDDLE_TRAP_OUT_OF_MEMORY,
  HEDDLE_TRAP_OUT_OF_FUEL,
  HEDDLE_TRAP_INTERRUPT,
  HEDDLE_TRAP_TIMEOUT,
  HEDDLE_TRAP_UNHANDLED_TAG, /* a suspension that no handler took */
  HEDDLE_TRAP_NOT_COMPILED,  /* option `lazy`: a function met a limit of the compiler, or memory is out */
  HEDDLE_TRAP_NULL_DESCRIPTOR_REFERENCE,
  HEDDLE_TRAP_DESCRIPTOR_CAST_FAILURE
} heddle_trap_t;

/* One frame of a backtrace, innermost first. Strings are borrowed from the error. */
typedef struct heddle_frame {
  heddle_str_t module;   /* from the name section; empty when it has none */
  heddle_str_t function; /* likewise, or an export name */
  uint32_t function_index;
  uint32_t module_offset; /* of the instruction, in the module's bytes */
  uint32_t stack_id;      /* 0 = the host call's own stack, others are continuations */
  heddle_str_t file;      /* from DWARF; empty when the module carries none */
  uint32_t line, column;  /* 0 = unknown */
  heddle_str_t handlers;  /* of a frame that resumed the stack before it: the tags it handles, "$a, $b" */
} heddle_frame_t;

HEDDLE_API heddle_error_t *
heddle_error_new(const char *message); /* for callbacks: kind HOST; NULL message is fine */
HEDDLE_API heddle_error_t *
heddle_error_new_exit(int32_t code); /* for callbacks: unwinds the guest, kind EXIT */
HEDDLE_API heddle_error_t *heddle_error_new_trap(heddle_trap_t trap, const char *message);
/* Wraps `cause` (taken over) into an error of the same kind whose message is `message`. */
HEDDLE_API heddle_error_t *heddle_error_context(heddle_error_t *cause, const char *message);
HEDDLE_API void heddle_error_delete(heddle_error_t *error);
HEDDLE_API heddle_error_kind_t heddle_error_kind(const heddle_error_t *error);
HEDDLE_API heddle_str_t heddle_error_message(const heddle_error_t *error);
HEDDLE_API const heddle_error_t *heddle_error_cause(const heddle_error_t *error); /* NULL at the innermost */
HEDDLE_API bool heddle_error_trap(const heddle_error_t *error, heddle_trap_t *out); /* false: not a trap */
HEDDLE_API bool heddle_error_exit_code(const heddle_error_t *error, int32_t *out);
/* Where in the input a MALFORMED or INVALID error stands; false when it has no position. line 0: only an
 * offset is known. */
HEDDLE_API bool heddle_error_position(const heddle_error_t *error, uint64_t *offset, uint32_t *line,
                                      uint32_t *column);
/* The outermost message for people: "file:line:column: message" and, of a position in text, the line of
 * `source` (what was parsed) with a caret below; a position in a binary and no position give one line. Lines
 * end with a newline; what `source` would do to a terminal is replaced. `own`: heddle_bytes_delete. */
HEDDLE_API heddle_error_t *heddle_error_format(const heddle_error_t *error, const char *file,
                                               heddle_str_t source, heddle_bytes_t *own);
/* Copies up to `max` frames; returns how many the error keeps (at most 40: the first 32 and the last 8);
 * `total`, if not NULL, gets the true depth. */
HEDDLE_API size_t heddle_error_frames(const heddle_error_t *error, heddle_frame_t *out, size_t max,
                                      size_t *total);
HEDDLE_API const char *heddle_trap_message(heddle_trap_t trap); /* the specification's words */

/* ---- configuration
 * ----------------------------------------------------------------------------------------------- */

typedef enum heddle_option_type {
  HEDDLE_OPTION_BOOL,
  HEDDLE_OPTION_SIZE,
  HEDDLE_OPTION_DURATION,
  HEDDLE_OPTION_TEXT
} heddle_option_type_t;
typedef struct heddle_option {
  char group;      /* 'W', 'O', 'C', 'D', 'S': the command line's group; the key alone names the option */
  const char *key; /* "max-memory-size" */
  heddle_option_type_t type;
  const char *default_value; /* as text */
  const char *help;          /* one line */
} heddle_option_t;
/* All options of this version, in a stable order; `len` gets their number. The list lives as long as the
 * process. */
HEDDLE_API const heddle_option_t *heddle_option_list(size_t *len);

HEDDLE_API heddle_config_t *heddle_config_new(void); /* NULL when memory is out */
HEDDLE_API void heddle_config_delete(heddle_config_t *config);
/* value: "y"/"yes"/"true"/"n"/"no"/"false" or NULL (= true) for booleans; "64M", "2G", "4096" for sizes; "1",
 * "2s", "100ms" for durations. The last setting of a key wins. */
HEDDLE_API heddle_error_t *heddle_config_set(heddle_config_t *config, const char *key, const char *value);

/* ---- engine: shared by threads
 * ------------------------------------------------------------------------------------ */

HEDDLE_API heddle_error_t *heddle_engine_new(const heddle_config_t *config /* copied; NULL = defaults */,
                                             heddle_engine_t **own);
HEDDLE_API heddle_engine_t *heddle_engine_ref(heddle_engine_t *engine);
HEDDLE_API void heddle_engine_delete(heddle_engine_t *engine); /* drops one reference */

/* ---- types
 * -------------------------------------------------------------------------------------------------------- */

/* A value type. Reference types to concrete types are meaningful only together with their engine. */
typedef uint32_t heddle_valtype_t;
enum { HEDDLE_I32 = 1, HEDDLE_I64, HEDDLE_F32, HEDDLE_F64, HEDDLE_V128 };
#define HEDDLE_FUNCREF   UINT32_C(0xc0000000)
#define HEDDLE_EXTERNREF UINT32_C(0xc0000002)
#define HEDDLE_ANYREF    UINT32_C(0xc0000004)
#define HEDDLE_EXNREF    UINT32_C(0xc000000a)
#define HEDDLE_CONTREF   UINT32_C(0xc000000c)
#define HEDDLE_REF_BIT   UINT32_C(0x80000000) /* set in every reference type */
/* Set in (ref (exact $t)), which holds $t and no subtype of it (feature custom-descriptors; without it no
 * type of the engine's has the bit). */
#define HEDDLE_EXACT_BIT UINT32_C(0x10000000)
/* The text of a type, as in the text format; returns the length it has (like snprintf). */
HEDDLE_API size_t heddle_valtype_text(const heddle_engine_t *engine, heddle_valtype_t type, char *out,
                                      size_t size);
/* Feature custom-descriptors: the type of the descriptors of structures of this concrete reference type, and
 * the type that they describe: non-null and inexact. False: it has none, describes none, or is no such type.
 */
HEDDLE_API bool heddle_valtype_descriptor(const heddle_engine_t *engine, heddle_valtype_t type,
                                          heddle_valtype_t *out);
HEDDLE_API bool heddle_valtype_described(const heddle_engine_t *engine, heddle_valtype_t type,
                                         heddle_valtype_t *out);

typedef struct heddle_functype {
  const heddle_valtype_t *params;
  size_t nparams;
  const heddle_valtype_t *results;
  size_t nresults;
} heddle_functype_t;
typedef struct heddle_limits {
  uint64_t min, max;
  bool has_max, is64, shared;
  uint8_t page_size_log2; /* MEMORY: 16, or 0 for pages of one byte, which are meant only with: */
  bool has_page_size;     /* false, with 0: pages of 64 KiB */
} heddle_limits_t;
typedef enum heddle_extern_kind {
  HEDDLE_FUNC,
  HEDDLE_TABLE,
  HEDDLE_MEMORY,
  HEDDLE_GLOBAL,
  HEDDLE_TAG
} heddle_extern_kind_t;
typedef struct heddle_externtype {
  heddle_extern_kind_t kind;
  heddle_functype_t func;   /* FUNC and TAG */
  heddle_valtype_t valtype; /* TABLE: elements; GLOBAL: contents */
  heddle_limits_t limits;   /* TABLE, MEMORY (pages) */
  bool is_mutable;          /* GLOBAL */
  bool is_exact;            /* FUNC: of this type and no subtype of it (feature custom-descriptors) */
} heddle_externtype_t;

/* ---- modules
 * ------------------------------------------------------------------------------------------------------ */

/* Compiles a binary module; `wasm` is copied as far as it is needed later. */
HEDDLE_API heddle_error_t *heddle_module_new(heddle_engine_t *engine, const void *wasm, size_t len,
                                             heddle_module_t **own);
/* The same with a progress callback (functions done and in all; return false to cancel: HEDDLE_ERROR_HOST).
 */
typedef bool (*heddle_progress_t)(void *env, size_t done, size_t total);
HEDDLE_API heddle_error_t *heddle_module_new_progress(heddle_engine_t *engine, const void *wasm, size_t len,
                                                      heddle_progress_t progress, void *env,
                                                      heddle_module_t **own);
/* The same for bytes that need no copy: the module takes them, also when this fails, and `wasm` is empty
 * afterwards. */
HEDDLE_API heddle_error_t *heddle_module_new_taking(heddle_engine_t *engine, heddle_bytes_t *wasm,
                                                    heddle_progress_t progress, void *env,
                                                    heddle_module_t **own);
/* A module for inspection only: decoded and validated, not compiled; it cannot be instantiated or serialized.
 */
HEDDLE_API heddle_error_t *heddle_module_parse(heddle_engine_t *engine, const void *wasm, size_t len,
                                               heddle_module_t **own);
/* Decodes and validates, compiles nothing. `check_customs`: malformed or invalid custom sections and
 * annotations are errors too. */
HEDDLE_API heddle_error_t *heddle_module_validate(heddle_engine_t *engine, const void *wasm, size_t len,
                                                  bool check_customs);
HEDDLE_API heddle_module_t *heddle_module_ref(heddle_module_t *module);
HEDDLE_API void heddle_module_delete(heddle_module_t *module); /* drops one reference */
/* Compiled code for later heddle_module_deserialize_file with an equal engine configuration on an equal CPU.
 */
HEDDLE_API heddle_error_t *heddle_module_serialize(const heddle_module_t *module, heddle_bytes_t *own);
/* The same as a file, without a copy in memory: it is written beside `path` and renamed, so it is there whole
 * or not at all. */
HEDDLE_API heddle_error_t *heddle_module_serialize_file(const heddle_module_t *module, const char *path);
/* Maps what serialize wrote. The file is executed as native code: only from a trusted place. */
HEDDLE_API heddle_error_t *heddle_module_deserialize_file(heddle_engine_t *engine, const char *path,
                                                          heddle_module_t **own);
/* The cache of compiled modules, which engines with the option `cache` fill and use: a directory of the
 * user's
 * ($XDG_CACHE_HOME/heddle, else ~/.cache/heddle) that belongs to this user and that nobody else may write. It
 * is keyed by content, build, CPU and options, shared by processes, and held below the option `cache-size`.
 */
HEDDLE_API bool heddle_cache_path(char *path,
                                  size_t size); /* false: no home, no cache, or `size` is too small */
HEDDLE_API void heddle_cache_status(uint64_t *files, uint64_t *size_bytes);
HEDDLE_API uint64_t heddle_cache_clean(void); /* removes all of it; returns how many files are gone */
/* True when the bytes begin like a file made by heddle_module_serialize / like a binary module. */
HEDDLE_API bool heddle_is_serialized(const void *bytes, size_t len);
HEDDLE_API bool heddle_is_wasm(const void *bytes, size_t len);

typedef struct heddle_import {
  heddle_str_t module, name;
  heddle_externtype_t type;
} heddle_import_t;
typedef struct heddle_export {
  heddle_str_t name;
  heddle_externtype_t type;
} heddle_export_t;
HEDDLE_API heddle_str_t heddle_module_name(const heddle_module_t *module); /* from the name section */
HEDDLE_API size_t heddle_module_imports(const heddle_module_t *module);    /* how many */
HEDDLE_API bool heddle_module_import(const heddle_module_t *module, size_t index, heddle_import_t *out);
HEDDLE_API size_t heddle_module_exports(const heddle_module_t *module);
HEDDLE_API bool heddle_module_export(const heddle_module_t *module, size_t index, heddle_export_t *out);

typedef struct heddle_section {
  heddle_str_t name;
  uint8_t id;
  uint64_t offset, size, items;
} heddle_section_t;
/* Sections of any binary module, without validating it; `index` from 0; false past the last. */
HEDDLE_API bool heddle_wasm_section(const void *wasm, size_t len, size_t index, heddle_section_t *out);

/* Text to binary and back. `features` and limits are the engine's. */
HEDDLE_API heddle_error_t *heddle_wat_to_wasm(heddle_engine_t *engine, const char *text, size_t len,
                                              heddle_bytes_t *own);
HEDDLE_API heddle_error_t *heddle_wasm_to_wat(heddle_engine_t *engine, const void *wasm, size_t len,
                                              heddle_bytes_t *own);
/* What the compiler does to one function (or UINT32_MAX: all) at the named stages ("build,select,assign"). */
HEDDLE_API heddle_error_t *heddle_dump(heddle_engine_t *engine, const void *wasm, size_t len,
                                       const char *stages, uint32_t function, heddle_bytes_t *own);

/* ---- store: everything that instances own
 * ------------------------------------------------------------------------- */

HEDDLE_API heddle_error_t *heddle_store_new(heddle_engine_t *engine, void *data, heddle_store_t **own);
HEDDLE_API void heddle_store_delete(heddle_store_t *store); /* while a call of its code runs: no effect */
HEDDLE_API void *heddle_store_data(const heddle_store_t *store);
HEDDLE_API heddle_engine_t *heddle_store_engine(const heddle_store_t *store); /* borrowed */

/* Fuel: needs the option "fuel" (any value) in the engine's configuration. */
HEDDLE_API heddle_error_t *heddle_store_set_fuel(heddle_store_t *store, uint64_t fuel);
HEDDLE_API heddle_error_t *heddle_store_fuel(const heddle_store_t *store, uint64_t *out);
/* Interruption: needs the option "interruption". The handle is reference counted, outlives the store, and
 * heddle_interrupt_raise may be called from any thread and from signal handlers: the running or next call
 * ends with HEDDLE_TRAP_INTERRUPT. heddle_interrupt_clear re-arms. Blocking WASI calls are woken too. */
HEDDLE_API heddle_error_t *heddle_store_interrupt(heddle_store_t *store, heddle_interrupt_t **own);
HEDDLE_API void heddle_interrupt_raise(heddle_interrupt_t *handle);
HEDDLE_API void
heddle_interrupt_raise_timeout(heddle_interrupt_t *handle); /* the same, reported as HEDDLE_TRAP_TIMEOUT */
HEDDLE_API void heddle_interrupt_clear(heddle_interrupt_t *handle);
HEDDLE_API bool heddle_interrupt_pending(const heddle_interrupt_t *handle);
/* What a call ends with now: HEDDLE_TRAP_NONE when nothing is pending, else ..._INTERRUPT or ..._TIMEOUT. For
 * host functions that wait: they return heddle_error_new_trap of it. */
HEDDLE_API heddle_trap_t heddle_interrupt_trap(const heddle_interrupt_t *handle);
HEDDLE_API int heddle_interrupt_fd(
    const heddle_interrupt_t *handle); /* readable while raised: for poll(2) in host functions */
HEDDLE_API void heddle_interrupt_delete(heddle_interrupt_t *handle);
/* The handle of the store a callback runs in, borrowed; NULL when the engine has no interruption. */
HEDDLE_API heddle_interrupt_t *heddle_caller_interrupt(heddle_caller_t *caller);

/* ---- values and handles
 * ------------------------------------------------------------------------------------------- */

typedef struct heddle_ref {
  uint64_t store, index;
} heddle_ref_t; /* index 0: null */
typedef struct heddle_func {
  uint64_t store, index;
} heddle_func_t;
typedef struct heddle_table {
  uint64_t store, index;
} heddle_table_t;
typedef struct heddle_memory {
  uint64_t store, index;
} heddle_memory_t;
typedef struct heddle_global {
  uint64_t store, index;
} heddle_global_t;
typedef struct heddle_tag {
  uint64_t store, index;
} heddle_tag_t;
typedef struct heddle_instance {
  uint64_t store, index;
} heddle_instance_t;

typedef struct heddle_val {
  heddle_valtype_t type; /* for references: the type it is passed as; a callback or call checks it */
  union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint32_t f32_bits;
    uint64_t f64_bits;
    uint8_t v128[16];
    heddle_ref_t ref;
  } of;
} heddle_val_t;

typedef struct heddle_extern {
  heddle_extern_kind_t kind;
  union {
    heddle_func_t func;
    heddle_table_t table;
    heddle_memory_t memory;
    heddle_global_t global;
    heddle_tag_t tag;
  } of;
} heddle_extern_t;

/* Reference handles made since `open` end with `close`; the store's end ends all. Outside any scope they last
 * that long. */
HEDDLE_API size_t heddle_scope_open(heddle_store_t *store);
HEDDLE_API void heddle_scope_close(heddle_store_t *store, size_t scope);
/* A second handle for `ref` (null gives null) that no scope ends, only heddle_unroot, in any order: for what
 * lives long, such as the continuations of an event loop. Using one after heddle_unroot is a USAGE error. */
HEDDLE_API heddle_error_t *heddle_root(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out);
HEDDLE_API void heddle_unroot(heddle_store_t *store, heddle_ref_t root); /* null and others are ignored */
/* An externref that carries `data`; `finalizer` (may be NULL) runs when it is collected or the store ends,
 * inside some call that uses the store; it must not use the store itself. */
HEDDLE_API heddle_error_t *heddle_externref_new(heddle_store_t *store, void *data, void (*finalizer)(void *),
                                                heddle_ref_t *out);
HEDDLE_API heddle_error_t *
heddle_externref_data(heddle_store_t *store, heddle_ref_t ref,
                      void **out); /* USAGE when it is no externref of the host's */
HEDDLE_API heddle_error_t *heddle_func_ref(heddle_store_t *store, heddle_func_t func,
                                           heddle_ref_t *out); /* function to reference */
HEDDLE_API heddle_error_t *heddle_ref_func(heddle_store_t *store, heddle_ref_t ref,
                                           heddle_func_t *out); /* and back */
/* The most precise type of what a reference points to (a non-null reference type; null gives the bottom it
 * was made with). */
HEDDLE_API heddle_error_t *heddle_ref_type(heddle_store_t *store, heddle_ref_t ref, heddle_valtype_t *out);
/* ref.test: does a reference (null or not) have type `type`, a reference type? */
HEDDLE_API heddle_error_t *heddle_ref_test(heddle_store_t *store, heddle_ref_t ref, heddle_valtype_t type,
                                           bool *out);
HEDDLE_API heddle_error_t *heddle_ref_eq(heddle_store_t *store, heddle_ref_t a, heddle_ref_t b,
                                         bool *out); /* identity */
/* any.convert_extern and extern.convert_any: the same object as an anyref, as an externref. Null stays null.
 */
HEDDLE_API heddle_error_t *heddle_ref_internalize(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out);
HEDDLE_API heddle_error_t *heddle_ref_externalize(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out);

/* ---- garbage-collected objects. Types are concrete reference types, as heddle_ref_type and the types of
 * functions and globals give them. Objects move, handles do not. MEMORY: the heap is exhausted.
 * ---------------------------------------------------------------------------------------------- */

HEDDLE_API heddle_error_t *heddle_struct_new(heddle_store_t *store, heddle_valtype_t type,
                                             const heddle_val_t *fields, size_t nfields, heddle_ref_t *out);
/* The same of a type that has a descriptor; `descriptor` is of exactly that descriptor's type and not null.
 */
HEDDLE_API heddle_error_t *heddle_struct_new_desc(heddle_store_t *store, heddle_valtype_t type,
                                                  heddle_ref_t descriptor, const heddle_val_t *fields,
                                                  size_t nfields, heddle_ref_t *out);
/* ref.get_desc: the descriptor of a structure whose type has one. */
HEDDLE_API heddle_error_t *heddle_struct_descriptor(heddle_store_t *store, heddle_ref_t ref,
                                                    heddle_ref_t *out);
/* Packed fields are I32, zero-extended. */
HEDDLE_API heddle_error_t *heddle_struct_get(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                             heddle_val_t *out);
HEDDLE_API heddle_error_t *heddle_struct_set(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                             const heddle_val_t *val);
HEDDLE_API heddle_error_t *heddle_array_new(heddle_store_t *store, heddle_valtype_t type,
                                            const heddle_val_t *init /* NULL = the default value */,
                                            uint32_t len, heddle_ref_t *out);
HEDDLE_API heddle_error_t *heddle_array_len(heddle_store_t *store, heddle_ref_t ref, uint32_t *out);
HEDDLE_API heddle_error_t *heddle_array_get(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                            heddle_val_t *out);
HEDDLE_API heddle_error_t *heddle_array_set(heddle_store_t *store, heddle_ref_t ref, uint32_t index,
                                            const heddle_val_t *val);
HEDDLE_API heddle_error_t *heddle_i31_new(heddle_store_t *store, uint32_t value, heddle_ref_t *out);
HEDDLE_API heddle_error_t *heddle_i31_get(heddle_store_t *store, heddle_ref_t ref,
                                          uint32_t *out); /* 31 bits, zero-extended */

/* What collections cost since the store was made. Times are wall-clock nanoseconds; p50 and p99 come from a
 * histogram, at most 1/32 too high. All zero where the store has no garbage-collected heap. */
typedef struct heddle_gc_pauses {
  uint64_t count, p50_ns, p99_ns, max_ns, total_ns;
} heddle_gc_pauses_t;
typedef struct heddle_gc_stats {
  heddle_gc_pauses_t minor; /* collections of the nursery alone */
  heddle_gc_pauses_t major; /* collections of everything */
  uint64_t allocated_bytes; /* by all objects so far */
  uint64_t promoted_bytes;  /* that left the nursery because they lived long */
  uint64_t live_bytes;      /* of what the last collection left, and of large objects made since */
  uint64_t heap_bytes;      /* that the heap holds now, nursery included */
} heddle_gc_stats_t;
HEDDLE_API heddle_error_t *heddle_store_gc_stats(const heddle_store_t *store, heddle_gc_stats_t *out);
/* Collects all garbage now; finalizers run before this returns. */
HEDDLE_API heddle_error_t *heddle_store_collect(heddle_store_t *store);

/* Collects everything that is garbage now, unreachable continuations included. Never needed: allocation does
 * it. */
HEDDLE_API void heddle_gc(heddle_store_t *store);

/* ---- exceptions
 * ---------------------------------------------------------------------------------------------------- */

HEDDLE_API heddle_error_t *heddle_exn_new(heddle_store_t *store, heddle_tag_t tag,
                                          const heddle_val_t *payload, size_t npayload, heddle_ref_t *out);
HEDDLE_API heddle_error_t *heddle_exn_tag(heddle_store_t *store, heddle_ref_t exn, heddle_tag_t *out);
/* At most `max` values; `npayload` gets how many there are. */
HEDDLE_API heddle_error_t *heddle_exn_payload(heddle_store_t *store, heddle_ref_t exn, heddle_val_t *out,
                                              size_t max, size_t *npayload);
/* For callbacks: returning it throws the exception into the guest. (USAGE when `exn` is none.) */
HEDDLE_API heddle_error_t *heddle_error_new_exception(heddle_store_t *store, heddle_ref_t exn);
/* What an error of kind EXCEPTION carries: a handle of its store. A callback that got the error from a call
 * may return it, and the exception goes on. */
HEDDLE_API bool heddle_error_exception(const heddle_error_t *error, heddle_ref_t *out);

/* ---- continuations (stack switching)
 * ----------------------------------------------------------------------------------------------------
 *
 * A continuation is a call that has not begun or that has been suspended: a stack of its own and what is left
 * to run on it. It is one-shot: whoever resumes, binds, throws into or drops it uses it up, the guest or the
 * host, and every reference to it is then used up; a suspension makes a new one. Its references are ordinary
 * handles (type HEDDLE_CONTREF or a concrete subtype), which pass into and out of the guest as arguments,
 * results, globals, table elements and fields. One that nobody can reach any more is freed by a collection.
 *
 * Everything here belongs to the store's thread, like all that lives in a store, and may be called from host
 * functions too: the inner resume then ends the search for handlers, since nothing can be suspended across
 * the host's own frames. No C frame is ever captured.
 *
 * Errors, of all of these: USAGE for a handle of another store or a closed scope, a reference that is no
 * continuation, wrong numbers or types of values, a store that runs on another thread. TRAP with
 * HEDDLE_TRAP_NULL_CONTINUATION_REFERENCE or HEDDLE_TRAP_CONTINUATION_CONSUMED for a null and a used one, as
 * in the guest. After any of these errors the continuation is as it was. */

/* A continuation that will call `func` (compiled or the host's). Nothing runs yet. MEMORY: the collected heap
 * is full; TRAP (call stack exhausted): there are as many stacks as "max-continuations" and "max-stacks-size"
 * allow. */
HEDDLE_API heddle_error_t *heddle_cont_new(heddle_store_t *store, heddle_func_t func, heddle_ref_t *out);
/* cont.bind: fixes the first `nargs` of the values that the continuation takes; `out` takes the rest. Uses
 * `cont` up, with nargs == 0 too. */
HEDDLE_API heddle_error_t *heddle_cont_bind(heddle_store_t *store, heddle_ref_t cont,
                                            const heddle_val_t *args, size_t nargs, heddle_ref_t *out);
/* What it takes when it is resumed, and what it returns in the end; the arrays are the engine's. A used or
 * null one is an error as above; USAGE when only its abstract type is known. */
HEDDLE_API heddle_error_t *heddle_cont_type(heddle_store_t *store, heddle_ref_t cont, heddle_functype_t *out);

typedef enum heddle_outcome {
  HEDDLE_RETURNED, /* it has run to its end: results are written */
  HEDDLE_SUSPENDED /* it waits: the suspension is written */
} heddle_outcome_t;
typedef struct heddle_suspension {
  heddle_tag_t tag;
  heddle_ref_t cont; /* what is left to run; takes the tag's results. A handle of the scope that is open */
  const heddle_val_t *payload; /* the tag's parameters; borrowed until the next call on this store */
  size_t npayload;
} heddle_suspension_t;

/* Runs the continuation until it returns or suspends with one of `tags` (tags NULL, ntags 0: with any tag).
 * `args` are the values it takes, `results` has room for those it returns; both numbers must be right. NULL:
 * *outcome says which of the two was written. `suspension` may be NULL when nothing but a return is of
 * interest; a suspended continuation that nobody else refers to is then lost.
 * Other errors: TRAP, EXCEPTION, EXIT, HOST ... as of heddle_call, and SUSPENDED for a tag that is not in
 * `tags`; all stacks of the continuation are freed then. */
HEDDLE_API heddle_error_t *heddle_cont_resume(heddle_store_t *store, heddle_ref_t cont,
                                              const heddle_tag_t *tags, size_t ntags,
                                              const heddle_val_t *args, size_t nargs, heddle_val_t *results,
                                              size_t nresults, heddle_outcome_t *outcome,
                                              heddle_suspension_t *suspension);
/* resume_throw_ref: the exception `exn` (heddle_exn_new) is thrown where the continuation stands. What
 * catches it goes on as after heddle_cont_resume; when nobody does, the error is of kind EXCEPTION and the
 * stacks are freed. Of one that has not begun nothing runs. */
HEDDLE_API heddle_error_t *heddle_cont_throw(heddle_store_t *store, heddle_ref_t cont, heddle_ref_t exn,
                                             const heddle_tag_t *tags, size_t ntags, heddle_val_t *results,
                                             size_t nresults, heddle_outcome_t *outcome,
                                             heddle_suspension_t *suspension);
/* Uses the continuation up without running anything; its stacks are freed at once. */
HEDDLE_API heddle_error_t *heddle_cont_drop(heddle_store_t *store, heddle_ref_t cont);

/* For callbacks: suspends the guest that called the host function.
 *
 *     return heddle_host_suspend(caller, tag, payload, npayload);
 *
 * The callback must return what it got, without delay; it has no effect before. The nearest handler of `tag`
 * around the call, the guest's or a host's heddle_cont_resume, gets the payload and a continuation; the
 * values that this one is resumed with are the results of the host function's call, so the tag's results must
 * be the function's. Without a handler the call ends with an error of kind SUSPENDED. Wrong values give an
 * error of kind USAGE, which ends the call when it is returned. Never NULL. */
HEDDLE_API heddle_error_t *heddle_host_suspend(heddle_caller_t *caller, heddle_tag_t tag,
                                               const heddle_val_t *payload, size_t npayload);
/* The tag that nobody handled, of an error of kind SUSPENDED; false for other kinds. */
HEDDLE_API bool heddle_error_tag(const heddle_error_t *error, heddle_tag_t *out);

/* One continuation that waits, innermost frame first. All is borrowed for the visit. */
typedef struct heddle_stack {
  uint32_t id;                  /* heddle_frame_t.stack_id of its innermost frames; never reused soon */
  bool fresh;                   /* it has not begun: frames has its function alone */
  uint64_t size;                /* bytes of memory of all its stacks */
  const heddle_frame_t *frames; /* the first 32 and the last 8 */
  size_t nframes, total_frames;
} heddle_stack_t;
/* Calls `visit` for each continuation of the store that has not been used up, in no order, until it returns
 * false. `visit` must not call the store. Those that nobody refers to any more are listed until the next
 * collection. */
HEDDLE_API heddle_error_t *heddle_store_suspended(heddle_store_t *store,
                                                  bool (*visit)(void *env, const heddle_stack_t *stack),
                                                  void *env);

/* ---- host functions and objects
 * ----------------------------------------------------------------------------------- */

/* Called on the thread's own stack. args and results are borrowed for the call; results arrive with their
 * types set and zero values. An error ends the invocation (kinds EXIT, TRAP, HOST ... reach the outermost
 * caller as they are). Taken over. */
typedef heddle_error_t *(*heddle_callback_t)(void *env, heddle_caller_t *caller, const heddle_val_t *args,
                                             size_t nargs, heddle_val_t *results, size_t nresults);
HEDDLE_API heddle_store_t *heddle_caller_store(heddle_caller_t *caller);
/* An export of the instance whose code made this call; false when there is none of that name (or the host
 * called directly). */
HEDDLE_API bool heddle_caller_export(heddle_caller_t *caller, const char *name, heddle_extern_t *out);
/* The memory exported as "memory" by the calling instance, without a look-up by name each time; false when
 * there is none. */
HEDDLE_API bool heddle_caller_memory(heddle_caller_t *caller, heddle_memory_t *out);

HEDDLE_API heddle_error_t *heddle_func_new(heddle_store_t *store, const heddle_functype_t *type,
                                           heddle_callback_t callback, void *env,
                                           void (*finalizer)(void *env), heddle_func_t *out);
HEDDLE_API heddle_error_t *heddle_table_new(heddle_store_t *store, heddle_valtype_t elem,
                                            const heddle_limits_t *limits,
                                            const heddle_val_t *init /* NULL = null */, heddle_table_t *out);
HEDDLE_API heddle_error_t *heddle_memory_new(heddle_store_t *store, const heddle_limits_t *limits,
                                             heddle_memory_t *out);
HEDDLE_API heddle_error_t *heddle_global_new(heddle_store_t *store, heddle_valtype_t type, bool is_mutable,
                                             const heddle_val_t *init, heddle_global_t *out);
HEDDLE_API heddle_error_t *heddle_tag_new(heddle_store_t *store, const heddle_functype_t *type,
                                          heddle_tag_t *out);

/* The type of a thing; arrays inside are borrowed from the engine. */
HEDDLE_API heddle_error_t *heddle_extern_type(heddle_store_t *store, const heddle_extern_t *ext,
                                              heddle_externtype_t *out);
/* Calls. `args` must have the function's types (references: subtypes); results are written to
 * results[0..nresults). */
HEDDLE_API heddle_error_t *heddle_call(heddle_store_t *store, heddle_func_t func, const heddle_val_t *args,
                                       size_t nargs, heddle_val_t *results, size_t nresults);
/* Memory. The pointer is valid until the next call or grow; the address never changes, the length may. */
HEDDLE_API uint8_t *heddle_memory_data(heddle_store_t *store, heddle_memory_t memory,
                                       size_t *len); /* NULL: foreign handle */
HEDDLE_API heddle_error_t *heddle_memory_grow(heddle_store_t *store, heddle_memory_t memory, uint64_t pages,
                                              uint64_t *old_pages);

/* ---- shared memories: needs the option "threads" for modules that use them
 * ---------------------------------------------------------------------------------------------- */

/* A shared memory is of no store: reference counted, used from any thread, and part of any number of stores,
 * each on a thread of its own. Its address never changes, its size only grows. What several threads do to its
 * bytes without atomic instructions is up to them: read a value once before you judge it. `limits`: shared,
 * with a maximum (USAGE); the size is limited as in a store of the engine (LIMIT). */
HEDDLE_API heddle_error_t *heddle_shared_memory_new(heddle_engine_t *engine, const heddle_limits_t *limits,
                                                    heddle_shared_memory_t **own);
HEDDLE_API heddle_shared_memory_t *heddle_shared_memory_ref(heddle_shared_memory_t *memory);
HEDDLE_API void heddle_shared_memory_delete(heddle_shared_memory_t *memory); /* one reference less */
/* Good as long as a reference is held or a store uses it. */
HEDDLE_API uint8_t *heddle_shared_memory_data(const heddle_shared_memory_t *memory, size_t *len);
/* memory.atomic.notify by the host: wakes at most `count` of those who wait at `address`; how many. */
HEDDLE_API uint32_t heddle_shared_memory_notify(heddle_shared_memory_t *memory, uint64_t address,
                                                uint32_t count);
/* The shared memory behind a store's memory, for another store. USAGE when it is not shared. */
HEDDLE_API heddle_error_t *heddle_memory_share(heddle_store_t *store, heddle_memory_t memory,
                                               heddle_shared_memory_t **own);
/* The store's memory that stands for the shared one, for imports and the functions above: the same handle
 * each time. The store keeps a reference. */
HEDDLE_API heddle_error_t *heddle_memory_from_shared(heddle_store_t *store, heddle_shared_memory_t *shared,
                                                     heddle_memory_t *out);

HEDDLE_API heddle_error_t *heddle_global_get(heddle_store_t *store, heddle_global_t global,
                                             heddle_val_t *out);
HEDDLE_API heddle_error_t *heddle_global_set(heddle_store_t *store, heddle_global_t global,
                                             const heddle_val_t *val);
HEDDLE_API heddle_error_t *heddle_table_size(heddle_store_t *store, heddle_table_t table, uint64_t *out);
HEDDLE_API heddle_error_t *heddle_table_get(heddle_store_t *store, heddle_table_t table, uint64_t index,
                                            heddle_val_t *out);
HEDDLE_API heddle_error_t *heddle_table_set(heddle_store_t *store, heddle_table_t table, uint64_t index,
                                            const heddle_val_t *val);
HEDDLE_API heddle_error_t *heddle_table_grow(heddle_store_t *store, heddle_table_t table, uint64_t delta,
                                             const heddle_val_t *init, uint64_t *old_size);

/* ---- linking
 * ------------------------------------------------------------------------------------------------------ */

/* A linker holds names for one store's externs and definitions of host functions for any store of its engine.
 */
HEDDLE_API heddle_linker_t *heddle_linker_new(heddle_engine_t *engine); /* NULL when memory is out */
HEDDLE_API void heddle_linker_delete(heddle_linker_t *linker);
HEDDLE_API heddle_error_t *heddle_linker_define(heddle_linker_t *linker, const char *module, const char *name,
                                                heddle_extern_t ext); /* replaces an older one */
HEDDLE_API heddle_error_t *heddle_linker_define_func(heddle_linker_t *linker, const char *module,
                                                     const char *name, const heddle_functype_t *type,
                                                     heddle_callback_t callback, void *env,
                                                     void (*finalizer)(void *env));
/* A shared memory, for any store; the linker keeps a reference. Replaces an older definition. */
HEDDLE_API heddle_error_t *heddle_linker_define_shared_memory(heddle_linker_t *linker, heddle_str_t module,
                                                              heddle_str_t name,
                                                              heddle_shared_memory_t *memory);
/* All exports of `instance` under the module name `module` (its length: names may hold any bytes). */
HEDDLE_API heddle_error_t *heddle_linker_define_instance(heddle_linker_t *linker, heddle_store_t *store,
                                                         heddle_str_t module, heddle_instance_t instance);
/* Imports that nobody defined become functions that trap when called. */
HEDDLE_API void heddle_linker_unknown_as_traps(heddle_linker_t *linker, bool on);
/* Instantiates: links, initialises, runs the start function. Several threads may do so with one linker, each
 * for its own store, while nobody defines anything in it. Errors: LINK, TRAP, ... */
HEDDLE_API heddle_error_t *heddle_instantiate(const heddle_linker_t *linker, heddle_store_t *store,
                                              heddle_module_t *module, heddle_instance_t *out);
HEDDLE_API bool heddle_instance_export(heddle_store_t *store, heddle_instance_t instance, heddle_str_t name,
                                       heddle_extern_t *out);
HEDDLE_API size_t heddle_instance_exports(heddle_store_t *store, heddle_instance_t instance);
HEDDLE_API bool heddle_instance_export_at(heddle_store_t *store, heddle_instance_t instance, size_t index,
                                          heddle_str_t *name, heddle_extern_t *out);

/* ---- profiling
 * ---------------------------------------------------------------------------------------------------- */

/* Functions of a module's code: address and size in this process, for perf maps. False past the last. */
HEDDLE_API bool heddle_module_code(const heddle_module_t *module, size_t index, heddle_str_t *name,
                                   const void **address, size_t *size);

/* What making the module's code took, by stage: processor cycles, summed over functions and threads. `bytes`:
 * the size of all function bodies, the same for each. All zero for code that came from a file or a cache, and
 * for what is compiled later. False past the last stage. */
typedef struct heddle_timing {
  const char *stage; /* "validate" (decoding, too), then those of `heddle compile --dump` */
  uint64_t cycles, bytes;
} heddle_timing_t;
HEDDLE_API bool heddle_module_timing(const heddle_module_t *module, size_t index, heddle_timing_t *out);

#ifdef __cplusplus
}
#endif
#endif
