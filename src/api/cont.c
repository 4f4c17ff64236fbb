/* Continuations from the host: make, bind, resume, throw, drop; a host function suspends its guest. */
#include "api/api.h"

static heddle_error_t *not_built(void) {
  return api_error_new(HEDDLE_ERROR_UNSUPPORTED, "continuations of the host are not supported yet");
}

heddle_error_t *heddle_cont_new(heddle_store_t *store, heddle_func_t func, heddle_ref_t *out) {
  (void)store, (void)func, (void)out;
  return not_built();
}
heddle_error_t *heddle_cont_bind(heddle_store_t *store, heddle_ref_t cont, const heddle_val_t *args,
                                 size_t nargs, heddle_ref_t *out) {
  (void)store, (void)cont, (void)args, (void)nargs, (void)out;
  return not_built();
}
heddle_error_t *heddle_cont_type(heddle_store_t *store, heddle_ref_t cont, heddle_functype_t *out) {
  (void)store, (void)cont, (void)out;
  return not_built();
}
heddle_error_t *heddle_cont_resume(heddle_store_t *store, heddle_ref_t cont, const heddle_tag_t *tags,
                                   size_t ntags, const heddle_val_t *args, size_t nargs,
                                   heddle_val_t *results, size_t nresults, heddle_outcome_t *outcome,
                                   heddle_suspension_t *suspension) {
  (void)store, (void)cont, (void)tags, (void)ntags, (void)args, (void)nargs, (void)results, (void)nresults;
  (void)outcome, (void)suspension;
  return not_built();
}
heddle_error_t *heddle_cont_throw(heddle_store_t *store, heddle_ref_t cont, heddle_ref_t exn,
                                  const heddle_tag_t *tags, size_t ntags, heddle_val_t *results,
                                  size_t nresults, heddle_outcome_t *outcome,
                                  heddle_suspension_t *suspension) {
  (void)store, (void)cont, (void)exn, (void)tags, (void)ntags, (void)results, (void)nresults;
  (void)outcome, (void)suspension;
  return not_built();
}
heddle_error_t *heddle_cont_drop(heddle_store_t *store, heddle_ref_t cont) {
  (void)store, (void)cont;
  return not_built();
}
heddle_error_t *heddle_host_suspend(heddle_caller_t *caller, heddle_tag_t tag, const heddle_val_t *payload,
                                    size_t npayload) {
  (void)caller, (void)tag, (void)payload, (void)npayload;
  return not_built();
}
bool heddle_error_tag(const heddle_error_t *error, heddle_tag_t *out) {
  (void)error, (void)out;
  return false;
}
heddle_error_t *heddle_store_suspended(heddle_store_t *store,
                                       bool (*visit)(void *env, const heddle_stack_t *stack), void *env) {
  (void)store, (void)visit, (void)env;
  return not_built();
}
heddle_error_t *heddle_root(heddle_store_t *store, heddle_ref_t ref, heddle_ref_t *out) {
  (void)store, (void)ref, (void)out;
  return not_built();
}
void heddle_unroot(heddle_store_t *store, heddle_ref_t root) { (void)store, (void)root; }
