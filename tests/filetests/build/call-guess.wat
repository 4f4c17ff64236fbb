;; test: build inlining
(module
  (type $f (func (param i32) (result i32)))
  (func $g (type $f) (i32.add (local.get 0) (i32.const 7)))
  (func $h (type $f) (unreachable))
  (elem declare func $g $h)
  (func (param i32) (param (ref $f)) (result i32) (call_ref $f (local.get 0) (local.get 1))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 7
;;   v3 = add.i32 v1, v2
;;   return (v3)
;; }
;; fn 1 (i32) -> (i32) {
;; b0: cold
;;   v1 = param.i32 0
;;   trap unreachable
;; }
;; fn 2 (i32, funcref) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.funcref 1
;;   v3 = vmctx.ptr
;;   v4 = load.funcref v3 +64
;;   v5 = eq.i32 v2, v4
;;   branch v5 b1 b2
;; b1:
;;   v7 = iconst.i32 7
;;   v8 = add.i32 v1, v7
;;   jump b5(v8)
;; b2:
;;   v10 = load.funcref v3 +72
;;   v11 = eq.i32 v2, v10
;;   branch v11 b3 b4
;; b3: cold
;;   trap unreachable
;; b4: cold
;;   v14 = call_func.i32 v2 t0 (v1)
;;   jump b5(v14)
;; b5(v16:i32):
;;   return (v16)
;; }
