/* The state of a running script, for run.c (commands) and thread.c (threads, each a script of its own). */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "script/parse.h"
#include "script/run.h"

/* What became of a module or instance of the script. */
enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_UNSUPPORTED };
struct named_module {
  struct slice id;
  heddle_module_t *module;
  enum outcome outcome;
};
struct named_instance {
  struct slice id;
  heddle_instance_t instance;
  bool is_handed; /* of another thread: what script.handed says is all that there is */
  enum outcome outcome;
};

struct script {
  heddle_engine_t *engine;
  const struct script_options *options;
  const char *file;
  struct arena arena;
  struct lexer lx;
  enum token_kind end; /* of a thread: its ")" */
  struct error error;
  heddle_store_t *store;
  heddle_linker_t *linker;
  VEC(struct named_module) modules;     /* (module definition ...) */
  VEC(struct named_instance) instances; /* the last one is the current one */
  bool unsupported_registered;          /* a module that could not be compiled was to be importable */
  struct handed *handed;                /* a thread's: all that it was given */
  struct script_thread *threads;        /* not yet waited for, newest first */
  struct buf *report;
  struct script_counts *counts;
};

/* A shared memory that an instance of another thread exports. */
struct handed {
  struct slice module; /* the instance's id in this script */
  heddle_str_t name;
  heddle_shared_memory_t *memory; /* own */
  struct handed *next;
};

struct named_instance *script_find_instance(struct script *s, struct slice id); /* empty: the current one */
void script_pass(struct script *s, enum script_kind kind);
void script_fail(struct script *s, enum script_kind kind, uint32_t off, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Store, linker and all commands up to the end, or to the ")" of a thread. The lexer is set up. */
void script_run_commands(struct script *s);
/* Ends threads and frees everything but the lexer's text. */
void script_end(struct script *s);

/* (thread $T (shared (module $M))* command*), (wait $T). Each false when the script cannot be read. */
MUST_USE bool script_thread(struct script *s);
MUST_USE bool script_wait(struct script *s);
/* Waits for all that nobody has waited for. */
void script_end_threads(struct script *s);

#endif
