;; test: build
(module
  (type $f (func (param i32) (result i32)))
  (func $g (type $f) (local.get 0))
  (global $g (ref $f) (ref.func $g))
  (func (param i32) (result i32) (call_ref $f (local.get 0) (global.get $g)))
  (func (param i32) (param (ref $f)) (result i32) (return_call_ref $f (local.get 0) (local.get 1)))
  (func (param i32) (param (ref null $f)) (result i32) (call_ref $f (local.get 0) (local.get 1))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   return (v1)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = vmctx.ptr
;;   v3 = load.funcref v2 +80 immutable
;;   v4 = call.i32 f0 t0 (v1)
;;   return (v4)
;; }
;; fn 2 (i32, funcref) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.funcref 1
;;   tail_call_func v2 t0 (v1)
;; }
;; fn 3 (i32, funcref) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.funcref 1
;;   trapifz v2 null_function_reference
;;   v4 = call_func.i32 v2 t0 (v1)
;;   return (v4)
;; }
