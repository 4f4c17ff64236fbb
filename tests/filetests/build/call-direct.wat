;; test: build interruption
(module
  (import "m" "f" (func $f (param i32) (result i32 i64)))
  (func $g (param i32) (result i32) (local.get 0))
  (func (param i32) (result i64) (local i64)
    (local.set 1 (call $f (call $g (local.get 0))))
    (i64.add (i64.extend_i32_u) (local.get 1)))
  (func (param i32) (result i32 i64) (return_call $f (local.get 0)))
  (func (param i32) (result i32) (return_call $g (local.get 0))))
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   return (v1)
;; }
;; fn 2 (i32) -> (i64) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i64 0
;;   poll
;;   v4 = call.i32 f1 t1 (v1)
;;   v5 = vmctx.ptr
;;   v6 = load.funcref v5 +80 immutable
;;   v7 = call_func.i32 v6 t0 (v4)
;;   v8 = proj.i64 v7, 1
;;   v9 = zext32.i64 v7
;;   v10 = add.i64 v9, v8
;;   return (v10)
;; }
;; fn 3 (i32) -> (i32, i64) {
;; b0:
;;   v1 = param.i32 0
;;   poll
;;   v3 = vmctx.ptr
;;   v4 = load.funcref v3 +80 immutable
;;   tail_call_func v4 t0 (v1)
;; }
;; fn 4 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   poll
;;   tail_call f1 t1 (v1)
;; }
