;; test: build
(module
  (type $p (sub (struct (field i32))))
  (type $q (sub final $p (struct (field i32) (field i32))))
  (func (param anyref) (result i32) (struct.get $q 1 (ref.cast (ref $q) (local.get 0))))
  (func (param (ref null $p)) (result i32)
    (block $no (result (ref null $p))
      (br_on_cast_fail $no (ref null $p) (ref $q) (local.get 0))
      (return (struct.get $q 1)))
    (drop) (i32.const 0)))
;; fn 0 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.i32 1
;;   v3 = and.i32 v1, v2
;;   trapif v3 cast_failure
;;   v5 = hload.i32 v1 +0 immutable null_cast
;;   v6 = vmctx.ptr
;;   v7 = load.i32 v6 +68 immutable
;;   v8 = eq.i32 v5, v7
;;   trapifz v8 cast_failure
;;   v10 = hload.i32 v1 +8 immutable
;;   return (v10)
;; }
;; fn 1 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.ref 0x0
;;   v3 = eq.i32 v1, v2
;;   branch v3 b3 b1
;; b1:
;;   v5 = iconst.i32 1
;;   v6 = hload.i32 v1 +0 immutable
;;   v7 = vmctx.ptr
;;   v8 = load.i32 v7 +68 immutable
;;   v9 = eq.i32 v6, v8
;;   branch v9 b2 b3
;; b2:
;;   v11 = hload.i32 v1 +8 immutable
;;   return (v11)
;; b3:
;;   v13 = iconst.i32 0
;;   return (v13)
;; }
