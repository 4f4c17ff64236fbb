;; test: build
(module
  (rec
    (type $a (sub (descriptor $ad) (struct (field i64))))
    (type $ad (sub (describes $a) (struct (field i32))))
    (type $b (sub $a (descriptor $bd) (struct (field i64))))
    (type $bd (sub final $ad (describes $b) (struct (field i32)))))
  ;; one load behind the head; null faults there
  (func (param (ref null $a)) (result i32) (struct.get $ad 0 (ref.get_desc $a (local.get 0))))
  ;; what was just made has its descriptor: no load, and the cast is none
  (func (param (ref (exact $bd))) (result i32)
    (local $x (ref null $b))
    (local.set $x (struct.new_default_desc $b (local.get 0)))
    (struct.get $bd 0 (ref.get_desc $b (ref.cast_desc_eq (ref (exact $b)) (local.get $x) (local.get 0)))))
  ;; its type has a descriptor: only the descriptors are compared
  (func (param (ref null $a) (ref $bd)) (result i64)
    (struct.get $b 0 (ref.cast_desc_eq (ref $b) (local.get 0) (local.get 1))))
  ;; of any other reference the type comes first
  (func (param (ref struct) (ref $ad)) (result i64)
    (block $no (result (ref struct))
      (br_on_cast_desc_eq_fail $no (ref struct) (ref $a) (local.get 0) (local.get 1))
      (return (struct.get $a 0)))
    (drop) (i64.const 0))
  ;; an exact type is compared with the head, and known afterwards
  (func (param anyref) (result i32)
    (drop (ref.cast (ref (exact $a)) (local.get 0)))
    (ref.test (ref $b) (local.get 0))))
;; fn 0 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = hload.ref v1 +4 immutable null_cast
;;   v3 = hload.i32 v2 +4 immutable
;;   return (v3)
;; }
;; fn 1 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.ref 0x0
;;   v3 = iconst.i32 16
;;   v4 = top_load.ref 4294967280
;;   v5 = top_load.i32 4294967284
;;   v6 = add.i32 v4, v3
;;   v7 = gt_u.i32 v6, v5
;;   branch v7 b2 b1
;; b1:
;;   top_store v6
;;   v10 = vmctx.ptr
;;   v11 = load.i32 v10 +92 immutable
;;   hstore.i32 v4 +0, v11
;;   jump b3(v4)
;; b2: cold
;;   v14 = iconst.i32 2
;;   v15 = call_builtin.ref alloc (v14)
;;   jump b3(v15)
;; b3(v17:ref):
;;   hstore.ref v17 +4, v1
;;   v19 = iconst.i64 0
;;   hstore.i64 v17 +8, v19
;;   v21 = iconst.i32 1
;;   v22 = hload.i32 v1 +4 immutable
;;   return (v22)
;; }
;; fn 2 (ref, ref) -> (i64) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = param.ref 1
;;   trapifz v1 descriptor_cast_failure
;;   v4 = hload.ref v1 +4 immutable
;;   v5 = eq.i32 v4, v2
;;   trapifz v5 descriptor_cast_failure
;;   v7 = hload.i64 v1 +8 immutable
;;   return (v7)
;; }
;; fn 3 (ref, ref) -> (i64) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = param.ref 1
;;   v3 = iconst.i32 0
;;   v4 = hload.i32 v1 +0 immutable
;;   v5 = vmctx.ptr
;;   v6 = load.i32 v5 +84 immutable
;;   v7 = hload.i32 v4 +-285212640 immutable
;;   v8 = eq.i32 v7, v6
;;   branch v8 b1 b2(v3)
;; b1:
;;   v10 = hload.ref v1 +4 immutable
;;   v11 = eq.i32 v10, v2
;;   jump b2(v11)
;; b2(v13:i32):
;;   branch v13 b3 b4
;; b3:
;;   v15 = hload.i64 v1 +8 immutable
;;   return (v15)
;; b4:
;;   v17 = iconst.i64 0
;;   return (v17)
;; }
;; fn 4 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.i32 1
;;   v3 = and.i32 v1, v2
;;   trapif v3 cast_failure
;;   v5 = iconst.i32 0
;;   v6 = hload.i32 v1 +0 immutable null_cast
;;   v7 = vmctx.ptr
;;   v8 = load.i32 v7 +84 immutable
;;   v9 = eq.i32 v6, v8
;;   trapifz v9 cast_failure
;;   return (v5)
;; }
