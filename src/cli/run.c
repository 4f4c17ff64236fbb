/* heddle run: a WASI program, or one function by --invoke. */
#include "base/out.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/stats.h"
#include "cli/value.h"
#include "os/clock.h"
#include "os/thread.h"

#include <heddle_wasi.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

struct run {
  const struct cli_options *o;
  const struct report *r;
  heddle_engine_t *engine;
  heddle_wasi_t *wasi;
  heddle_linker_t *linker;
  heddle_store_t *store;
  heddle_interrupt_t *interrupt;
  heddle_module_t *module;        /* with threads: the program */
  heddle_wasi_threads_t *threads; /* NULL without */
};

static heddle_str_t str(const char *s) { return (heddle_str_t){s, strlen(s)}; }

/* ---- the guest's world ---- */

/* HOST, HOST::GUEST, either with :ro behind it. */
static heddle_error_t *add_dir(heddle_wasi_t *wasi, const char *spec) {
  char host[4096];
  size_t len = strlen(spec);
  bool read_only = len > 3 && !strcmp(spec + len - 3, ":ro");
  if (read_only) len -= 3;
  if (len >= sizeof host) return heddle_error_new("--dir: the name is too long");
  memcpy(host, spec, len);
  host[len] = 0;
  char *guest = strstr(host, "::");
  if (guest) {
    *guest = 0;
    guest += 2;
  }
  return heddle_wasi_preopen(wasi, host, guest ? guest : host, read_only);
}

/* NAME=VALUE, or NAME from our own environment. */
static heddle_error_t *add_env(heddle_wasi_t *wasi, const char *spec) {
  const char *eq = strchr(spec, '=');
  if (!eq) {
    const char *value = getenv(spec);
    return value ? heddle_wasi_env(wasi, spec, value) : NULL;
  }
  char name[1024];
  size_t len = (size_t)(eq - spec);
  if (len >= sizeof name) return heddle_error_new("--env: the name is too long");
  memcpy(name, spec, len);
  name[len] = 0;
  return heddle_wasi_env(wasi, name, eq + 1);
}

/* systemd's protocol: LISTEN_FDS sockets from descriptor 3 on. */
static heddle_error_t *add_sockets(heddle_wasi_t *wasi) {
  const char *count = getenv("LISTEN_FDS");
  uint64_t n;
  heddle_error_t *error = NULL;
  if (!count || !cli_parse_number(count, &n) || n > 1000)
    return heddle_error_new("-S listenfd: LISTEN_FDS is not set");
  for (int fd = 3; fd < 3 + (int)n && !error; fd++)
    error = heddle_wasi_socket(wasi, fd, true);
  return error;
}

static heddle_error_t *set_numbers(struct run *run) {
  uint64_t n;
  if (run->o->max_fds) {
    if (!cli_parse_number(run->o->max_fds, &n) || n > UINT32_MAX)
      return heddle_error_new("-S max-fds takes a number");
    heddle_wasi_set_max_fds(run->wasi, (uint32_t)n);
  }
  if (run->o->random_seed) {
    if (!cli_parse_number(run->o->random_seed, &n)) return heddle_error_new("-S random-seed takes a number");
    heddle_wasi_set_random_seed(run->wasi, n);
  }
  return NULL;
}

static heddle_error_t *make_world(struct run *run) {
  const struct cli_options *o = run->o;
  heddle_wasi_t *wasi = run->wasi;
  heddle_error_t *error = heddle_wasi_inherit_stdio(wasi);
  if (!error) error = heddle_wasi_arg(wasi, o->argv0 ? o->argv0 : o->files[0]);
  for (uint32_t i = 1; i < o->nfiles && !error && !o->invoke; i++)
    error = heddle_wasi_arg(wasi, o->files[i]);
  for (char **env = environ; o->inherit_env && *env && !error; env++)
    if (strchr(*env, '=')) error = add_env(wasi, *env);
  for (uint32_t i = 0; i < o->envs.len && !error; i++)
    error = add_env(wasi, o->envs.at[i]);
  for (uint32_t i = 0; i < o->dirs.len && !error; i++)
    error = add_dir(wasi, o->dirs.at[i]);
  if (!error && o->listenfd) error = add_sockets(wasi);
  if (!error) error = set_numbers(run);
  return error;
}

/* ---- interruption ---- */

static _Atomic(heddle_interrupt_t *) sigint_target; /* SIGINT has no argument: process-wide by nature */
static volatile sig_atomic_t sigint_seen;

static void on_sigint(int number) {
  heddle_interrupt_t *target = sigint_target;
  sigint_seen = number;
  if (target) heddle_interrupt_raise(target);
  signal(number, SIG_DFL); /* a second one ends the process at once */
}

static void watch_sigint(heddle_interrupt_t *interrupt) {
  struct sigaction action = {.sa_handler = on_sigint, .sa_flags = SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigint_target = interrupt;
  sigaction(SIGINT, &action, NULL);
}

/* Ends the guest when its time is over, or itself when the guest is done first. */
struct timer {
  struct thread thread;
  struct mutex mutex;
  struct cond cond;
  bool done, started;
  uint64_t deadline_ns;
  heddle_interrupt_t *interrupt;
};

static void timer_run(void *arg) {
  struct timer *t = arg;
  mutex_lock(&t->mutex);
  while (!t->done)
    if (!cond_wait_until(&t->cond, &t->mutex, t->deadline_ns)) {
      heddle_interrupt_raise_timeout(t->interrupt);
      break;
    }
  mutex_unlock(&t->mutex);
}

static heddle_error_t *timer_start(struct timer *t, const char *duration, heddle_interrupt_t *interrupt) {
  uint64_t ns;
  if (!duration) return NULL;
  if (!cli_parse_duration(duration, &ns))
    return heddle_error_new("-W timeout takes a duration such as 1, 2s or 100ms");
  t->interrupt = interrupt;
  if (!add_u64(clock_monotonic_ns(), ns, &t->deadline_ns)) t->deadline_ns = UINT64_MAX;
  t->started =
      mutex_init(&t->mutex) && cond_init(&t->cond) && thread_start(&t->thread, timer_run, t, 0, true);
  return t->started ? NULL : heddle_error_new("-W timeout: no thread could be started");
}

static void timer_stop(struct timer *t) {
  if (!t->started) return;
  mutex_lock(&t->mutex);
  t->done = true;
  cond_signal(&t->cond);
  mutex_unlock(&t->mutex);
  thread_join(&t->thread);
  cond_free(&t->cond);
  mutex_free(&t->mutex);
}

/* ---- modules ---- */

/* /tmp/perf-PID.map, so that perf names compiled functions. */
static heddle_error_t *write_perf_map(const heddle_module_t *module, const char *file) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
  FILE *f = fopen(path, "a");
  if (!f) return heddle_error_new("--profile: the map in /tmp cannot be written");
  heddle_str_t name;
  const void *address;
  size_t size;
  struct out out = out_file(f);
  for (size_t i = 0; heddle_module_code(module, i, &name, &address, &size); i++) {
    fprintf(f, "%zx %zx %s::", (size_t)address, size, file);
    if (name.len)
      out_printable(&out, slice_of(name.data, name.len)); /* one line each */
    else
      fprintf(f, "func[%zu]", i);
    fputc('\n', f);
  }
  fclose(f);
  return NULL;
}

static heddle_module_t *load(struct run *run, const char *path) {
  heddle_module_t *module = load_module(run->r, run->engine, path, run->o->allow_precompiled, !run->o->quiet);
  if (module && run->o->profile) heddle_error_delete(write_perf_map(module, path));
  return module;
}

/* -S threads: the program may have threads from here on. */
static heddle_error_t *start_threads(struct run *run, heddle_module_t *module) {
  uint64_t max = 1000;
  if (!run->o->threads) return NULL;
  if (run->o->max_threads && (!cli_parse_number(run->o->max_threads, &max) || max > UINT32_MAX))
    return heddle_error_new("-S max-threads takes a number");
  run->module = heddle_module_ref(module);
  return heddle_wasi_threads_new(run->linker, run->store, module, (uint32_t)max, &run->threads);
}

/* The program's call is over, and with it its threads. */
static heddle_error_t *end_threads(struct run *run, heddle_error_t *error) {
  return run->threads ? heddle_wasi_threads_end(run->threads, error) : error;
}

static bool instantiate(struct run *run, const char *path, heddle_instance_t *out, int *status) {
  heddle_module_t *module = load(run, path);
  if (!module) return *status = EXIT_FAILED, false;
  heddle_error_t *error = start_threads(run, module);
  if (!error) error = heddle_instantiate(run->linker, run->store, module, out);
  heddle_module_delete(module);
  if (!error) return true;
  char line[600];
  snprintf(line, sizeof line, "%s: cannot be instantiated", path);
  *status = report_error(run->r, line, error);
  return false;
}

static bool preload(struct run *run, int *status) {
  if (run->o->preloads.len && run->o->threads) {
    report_line(run->r, "--preload and -S threads do not go together: a preloaded module is of one store, "
                        "each thread has one of its own");
    return *status = EXIT_USAGE, false;
  }
  for (uint32_t i = 0; i < run->o->preloads.len; i++) {
    const char *spec = run->o->preloads.at[i], *eq = strchr(spec, '=');
    heddle_instance_t instance;
    if (!eq) {
      report_line(run->r, "--preload takes NAME=FILE");
      return *status = EXIT_USAGE, false;
    }
    if (!instantiate(run, eq + 1, &instance, status)) return false;
    heddle_error_t *error = heddle_linker_define_instance(
        run->linker, run->store, (heddle_str_t){spec, (size_t)(eq - spec)}, instance);
    if (error) return *status = report_error(run->r, "--preload failed", error), false;
  }
  return true;
}

/* ---- calls ---- */

static bool find_func(struct run *run, heddle_instance_t instance, const char *name, heddle_func_t *out) {
  heddle_extern_t ext;
  if (!heddle_instance_export(run->store, instance, str(name), &ext) || ext.kind != HEDDLE_FUNC) return false;
  *out = ext.of.func;
  return true;
}

/* How a call ended, as an exit status; SIGINT has its own. */
static int report_call(struct run *run, const char *name, heddle_error_t *error) {
  char line[600];
  heddle_trap_t trap;
  bool interrupted = sigint_seen && heddle_error_trap(error, &trap) && trap == HEDDLE_TRAP_INTERRUPT;
  snprintf(line, sizeof line, "%s: failed in %s", run->o->files[0], name);
  int32_t code;
  bool ended = heddle_error_exit_code(error, &code);
  int status = report_error(run->r, line, error);
  if (!ended && !run->o->suspended) report_hint(run->r, run->store);
  return interrupted ? EXIT_INTERRUPTED : status;
}

static int call_plain(struct run *run, heddle_func_t func, const char *name, bool is_program) {
  heddle_error_t *error = heddle_call(run->store, func, NULL, 0, NULL, 0);
  if (is_program) error = end_threads(run, error);
  return error ? report_call(run, name, error) : EXIT_OK;
}

static void print_results(struct run *run, const heddle_val_t *results, size_t n) {
  struct out out = out_file(stdout);
  if (run->o->json) out_cstr(&out, "{\"results\": [");
  for (size_t i = 0; i < n; i++) {
    if (run->o->json) out_cstr(&out, i ? ", \"" : "\"");
    cli_value_print(run->store, &results[i], &out);
    out_cstr(&out, run->o->json ? "\"" : "\n");
  }
  if (run->o->json) out_cstr(&out, "]}\n");
}

static int invoke(struct run *run, heddle_instance_t instance) {
  const struct cli_options *o = run->o;
  heddle_extern_t ext = {.kind = HEDDLE_FUNC};
  heddle_externtype_t type;
  if (!find_func(run, instance, o->invoke, &ext.of.func))
    return report_line(run->r, "%s: exports no function \"%s\"", o->files[0], o->invoke);
  heddle_error_t *error = heddle_extern_type(run->store, &ext, &type);
  if (error) return report_error(run->r, "--invoke failed", error);
  size_t nargs = o->nfiles - 1, n = type.func.nparams, nresults = type.func.nresults;
  if (nargs != n) return report_line(run->r, "%s takes %zu arguments, found %zu", o->invoke, n, nargs);
  heddle_val_t *values = calloc(n + nresults + 1, sizeof *values);
  if (!values) return report_line(run->r, "out of memory");
  for (size_t i = 0; i < n; i++) {
    char text[64];
    if (cli_value_parse(o->files[i + 1], type.func.params[i], &values[i])) continue;
    heddle_valtype_text(run->engine, type.func.params[i], text, sizeof text);
    free(values);
    return report_line(run->r, "argument %zu of %s: expected %s, found \"%s\"", i + 1, o->invoke, text,
                       o->files[i + 1]);
  }
  error = heddle_call(run->store, ext.of.func, values, n, values + n, nresults);
  error = end_threads(run, error);
  if (!error) print_results(run, values + n, nresults);
  free(values);
  return error ? report_call(run, o->invoke, error) : EXIT_OK;
}

/* "no _start; exports: f, add": what there is to call instead. */
static int no_entry(struct run *run, heddle_instance_t instance) {
  struct buf names;
  buf_init(&names);
  heddle_str_t name;
  heddle_extern_t ext;
  for (size_t i = 0; i < 20 && heddle_instance_export_at(run->store, instance, i, &name, &ext); i++)
    if (ext.kind == HEDDLE_FUNC)
      buf_printf(&names, "%s%.*s", names.len ? ", " : "", (int)name.len, name.data);
  int status =
      names.len ? report_line(run->r, "%s: no _start to run; use --invoke with one of: %.*s",
                              run->o->files[0], (int)names.len, (const char *)names.data)
                : report_line(run->r, "%s: no _start to run, and no function is exported", run->o->files[0]);
  buf_free(&names);
  return status;
}

static int run_main(struct run *run) {
  heddle_instance_t instance;
  heddle_func_t func;
  int status = EXIT_FAILED;
  if (!preload(run, &status) || !instantiate(run, run->o->files[0], &instance, &status)) return status;
  if (find_func(run, instance, "_initialize", &func) &&
      (status = call_plain(run, func, "_initialize", false)) != EXIT_OK)
    return status;
  if (run->o->invoke) return invoke(run, instance);
  if (find_func(run, instance, "_start", &func)) return call_plain(run, func, "_start", true);
  if (find_func(run, instance, "", &func)) return call_plain(run, func, "the default function", true);
  return no_entry(run, instance);
}

static int run_timed(struct run *run) {
  struct timer timer = {0};
  heddle_error_t *error = heddle_store_interrupt(run->store, &run->interrupt);
  if (error && run->o->timeout) return report_error(run->r, "-W timeout needs -W interruption=y", error);
  heddle_error_delete(error);
  error = timer_start(&timer, run->o->timeout, run->interrupt);
  if (run->interrupt) watch_sigint(run->interrupt);
  int status = error ? report_error(run->r, "the program was not started", error) : run_main(run);
  timer_stop(&timer);
  sigint_target = NULL;
  return status;
}

int command_run(const struct cli_options *o, const struct report *r) {
  struct run run = {.o = o, .r = r};
  if (o->profile && strcmp(o->profile, "perfmap")) {
    report_line(r, "--profile knows perfmap only, found \"%s\"", o->profile);
    return EXIT_USAGE;
  }
  int status = EXIT_FAILED;
  if (o->profile)
    heddle_error_delete(heddle_config_set(o->config, "lazy", "n")); /* all code has a place from the start */
  if (!(run.engine = new_engine(r, o))) return status;
  signal(SIGPIPE, SIG_IGN); /* a guest that writes to a closed pipe gets an error and goes on, */
  signal(SIGXFSZ, SIG_IGN); /* and so does one that writes beyond `ulimit -f` */
  run.wasi = heddle_wasi_new();
  run.linker = heddle_linker_new(run.engine);
  heddle_error_t *error = run.wasi && run.linker ? heddle_store_new(run.engine, NULL, &run.store)
                                                 : heddle_error_new("out of memory");
  if (!error) error = make_world(&run);
  if (!error) error = heddle_linker_define_wasi(run.linker, run.wasi);
  if (error)
    status = report_error(r, "the program was not started", error);
  else
    status = run_timed(&run);
  fflush(stdout);
  if (o->suspended && run.store) report_suspended(r, run.store);
  if (o->stats && run.store) print_stats(r, run.store);
  heddle_wasi_threads_delete(run.threads);
  heddle_module_delete(run.module);
  heddle_interrupt_delete(run.interrupt);
  heddle_linker_delete(run.linker);
  heddle_store_delete(run.store);
  heddle_wasi_delete(run.wasi);
  heddle_engine_delete(run.engine);
  return status;
}
