/* Configuration, options, version, owned bytes. */
#include "api/api.h"

#include "base/alloc.h"

const char *heddle_version(void) { return HEDDLE_VERSION; }
uint32_t heddle_api_version(void) { return HEDDLE_API_VERSION; }

bool heddle_bytes_new(size_t len, heddle_bytes_t *own) {
  *own = (heddle_bytes_t){mem_alloc(len), len};
  return own->data;
}

void heddle_bytes_delete(heddle_bytes_t *bytes) {
  if (!bytes) return;
  mem_free(bytes->data);
  *bytes = (heddle_bytes_t){0};
}

const heddle_option_t *heddle_option_list(size_t *len) { return config_options(len); }

heddle_config_t *heddle_config_new(void) {
  heddle_config_t *config = mem_alloc(sizeof *config);
  if (config) config_init(&config->config);
  return config;
}

void heddle_config_delete(heddle_config_t *config) { mem_free(config); }

heddle_error_t *heddle_config_set(heddle_config_t *config, const char *key, const char *value) {
  struct error e = ERROR_INIT;
  if (!key) return no_pointer("the option's name");
  return config_set(&config->config, key, value, &e) ? NULL : api_error(&e);
}

heddle_error_t *heddle_engine_new(const heddle_config_t *config, heddle_engine_t **own) {
  struct config defaults;
  config_init(&defaults);
  struct error e = ERROR_INIT;
  struct engine *engine;
  if (!engine_new(config ? &config->config : &defaults, &engine, &e)) return api_error(&e);
  *own = (heddle_engine_t *)engine;
  return NULL;
}

heddle_engine_t *heddle_engine_ref(heddle_engine_t *engine) {
  return (heddle_engine_t *)engine_ref(&engine->engine);
}
void heddle_engine_delete(heddle_engine_t *engine) {
  if (engine) engine_unref(&engine->engine);
}
