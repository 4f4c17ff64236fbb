;; test: build inlining func=1
(module
  (type $f (func (param i32) (result i32)))
  (global $g (ref $f) (ref.func $twice))
  (func $twice (type $f) (i32.shl (local.get 0) (i32.const 1)))
  (func (param i32) (result i32)
    (loop (result i32)
      (local.set 0 (call_ref $f (local.get 0) (global.get $g)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const 100)))
      (local.get 0))))
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   jump b1(v1)
;; b1(v3:i32): loop 1
;;   v4 = vmctx.ptr
;;   v5 = load.funcref v4 +64 immutable
;;   v6 = iconst.i32 1
;;   v7 = shl.i32 v3, v6
;;   v8 = iconst.i32 100
;;   v9 = lt_u.i32 v7, v8
;;   branch v9 b1(v7) b2
;; b2:
;;   return (v7)
;; }
