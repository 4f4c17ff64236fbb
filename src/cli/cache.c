/* heddle cache: what the cache of compiled modules holds, and how to empty it. */
#include "cli/command.h"

#include "base/out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int status(const struct report *r, const char *path) {
  uint64_t files, size;
  heddle_cache_status(&files, &size);
  if (r->json) {
    struct out out = out_file(stdout);
    out_cstr(&out, "{\"path\": ");
    out_json_string(&out, slice_cstr(path));
    out_printf(&out, ", \"files\": %" PRIu64 ", \"bytes\": %" PRIu64 "}\n", files, size);
  } else
    printf("%s: %" PRIu64 " modules, %" PRIu64 " KiB\n", path, files, size / 1024);
  return EXIT_OK;
}

int command_cache(const struct cli_options *o, const struct report *r) {
  char path[4096];
  if (!heddle_cache_path(path, sizeof path))
    return report_line(r, "there is no cache: neither XDG_CACHE_HOME nor HOME is set");
  const char *what = o->nfiles == 1 ? o->files[0] : "";
  if (!strcmp(what, "status")) return status(r, path);
  if (!strcmp(what, "path")) return puts(path), EXIT_OK;
  if (!strcmp(what, "clean")) {
    uint64_t gone = heddle_cache_clean();
    if (!r->json)
      printf("%" PRIu64 " modules removed\n", gone);
    else
      printf("{\"removed\": %" PRIu64 "}\n", gone);
    return EXIT_OK;
  }
  report_line(r, "cache takes one of: status, clean, path");
  return EXIT_USAGE;
}
