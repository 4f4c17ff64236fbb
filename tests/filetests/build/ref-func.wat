;; test: build
(module
  (func $f (result funcref) (ref.func $f))
  (func (param funcref) (result i32) (ref.is_null (local.get 0)))
  (elem declare func $f))
;; fn 0 () -> (funcref) {
;; b0:
;;   v1 = vmctx.ptr
;;   v2 = load.funcref v1 +64
;;   branch v2 b2(v2) b1
;; b1: cold
;;   v4 = iconst.i32 0
;;   v5 = call_builtin.funcref ref_func (v4)
;;   jump b2(v5)
;; b2(v7:funcref):
;;   return (v7)
;; }
;; fn 1 (funcref) -> (i32) {
;; b0:
;;   v1 = param.funcref 0
;;   v2 = iconst.funcref 0x0
;;   v3 = eq.i32 v1, v2
;;   return (v3)
;; }
