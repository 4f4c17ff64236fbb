/* heddle wast: runs scripts, side by side when asked, and counts. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/load.h"
#include "os/thread.h"
#include "script/run.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MAX_JOBS = 256 };

/* One file's outcome: filled by whichever worker takes it, printed in order by the main thread. */
struct wast_file {
  struct buf text, report;
  struct script_counts counts;
  bool loaded;
};
struct wast_job {
  heddle_engine_t *engine;
  const struct cli_options *options;
  struct script_options script;
  struct wast_file *files;
  _Atomic uint32_t next;
};

static void run_files(void *arg) {
  struct wast_job *job = arg;
  for (;;) {
    uint32_t i = job->next++;
    if (i >= job->options->nfiles) return;
    struct wast_file *f = &job->files[i];
    if (f->loaded)
      script_run(job->engine, job->options->files[i], buf_slice(&f->text), &job->script, &f->report,
                 &f->counts);
    buf_free(&f->text);
  }
}

static void run_all(struct wast_job *job, uint32_t workers) {
  struct thread *threads = mem_zalloc(workers, sizeof *threads);
  uint32_t started = 1; /* this one */
  while (threads && started < workers &&
         thread_start(&threads[started], run_files, job, (size_t)8 << 20, true))
    started++;
  run_files(job);
  for (uint32_t i = 1; i < started; i++)
    thread_join(&threads[i]);
  mem_free(threads);
}

int command_wast(const struct cli_options *o, const struct report *r) {
  uint64_t workers = 1;
  if (o->jobs && (!cli_parse_number(o->jobs, &workers) || workers < 1 || workers > MAX_JOBS)) {
    report_line(r, "-j takes a number from 1 to %d", MAX_JOBS);
    return EXIT_USAGE;
  }
  struct wast_job job = {.options = o, .script = {o->ignore_texts, o->show_texts}};
  struct script_counts total = {0};
  bool ok = true;
  if (!(job.engine = new_engine(r, o))) return EXIT_FAILED;
  job.files = mem_zalloc(o->nfiles, sizeof *job.files);
  if (!job.files) return report_line(r, "out of memory");
  for (uint32_t i = 0; i < o->nfiles; i++)
    ok &= job.files[i].loaded = load_bytes(r, o->files[i], &job.files[i].text);
  run_all(&job, (uint32_t)min_u64(workers, o->nfiles));
  struct buf line;
  buf_init(&line);
  for (uint32_t i = 0; i < o->nfiles; i++) {
    struct buf *report = &job.files[i].report;
    if (report->len) fwrite(report->data, 1, report->len, o->json ? stderr : stdout);
    script_counts_add(&total, &job.files[i].counts);
    buf_free(report);
  }
  script_counts_print(&total, o->json, &line);
  fwrite(line.data, 1, line.len, stdout);
  buf_free(&line);
  mem_free(job.files);
  heddle_engine_delete(job.engine);
  return ok && script_counts_all_passed(&total) ? EXIT_OK : EXIT_FAILED;
}
