/* struct engine: what modules and stores of one configuration share, across threads.
 *
 * Reference counted; everything in it but the canonical types is constant after engine_new. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "compiler/compile.h"
#include "engine/config.h"
#include "wasm/match.h"

struct engine {
  _Atomic uint32_t refs;
  struct config config;
  struct canon *canon;
  struct compile_config compile; /* what every function of this engine is compiled with */
};

MUST_USE bool engine_new(const struct config *config, struct engine **out, struct error *e);
struct engine *engine_ref(struct engine *engine);
void engine_unref(struct engine *engine);

#endif
