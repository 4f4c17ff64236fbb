;; test: build
(module
  (type $p (sub (struct (field (mut i32)))))
  (type $q (sub final $p (struct (field (mut i32)) (field i32))))
  (type $a (array i32))
  ;; Nothing to test but the type; the cast behind the test is none; so is the check for null behind an access.
  (func (param (ref null $p)) (result i32)
    (struct.set $p 0 (local.get 0) (i32.const 1))
    (if (ref.test (ref $q) (local.get 0))
      (then (return (struct.get $q 1 (ref.cast (ref $q) (local.get 0))))))
    (ref.is_null (local.get 0)))
  ;; Fresh: its type, length and immutable fields are known.
  (func (param i32) (result i32)
    (local (ref $p) (ref $a))
    (local.set 1 (struct.new $q (i32.const 1) (local.get 0)))
    (local.set 2 (array.new_fixed $a 2 (local.get 0) (local.get 0)))
    (i32.add (i32.add (ref.test (ref $q) (local.get 1)) (struct.get $q 1 (ref.cast (ref $q) (local.get 1))))
             (array.len (local.get 2)))))
;; fn 0 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.i32 1
;;   hstore.i32 v1 +4, v2 null_struct
;;   v4 = hload.i32 v1 +0 immutable
;;   v5 = vmctx.ptr
;;   v6 = load.i32 v5 +72 immutable
;;   v7 = eq.i32 v4, v6
;;   branch v7 b1 b2
;; b1:
;;   v9 = hload.i32 v1 +8 immutable
;;   return (v9)
;; b2:
;;   v11 = iconst.i32 0
;;   return (v11)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.ref 0x0
;;   v3 = iconst.i32 1
;;   v4 = iconst.i32 16
;;   v5 = top_load.ref 4294967280
;;   v6 = top_load.i32 4294967284
;;   v7 = add.i32 v5, v4
;;   v8 = gt_u.i32 v7, v6
;;   branch v8 b2 b1
;; b1:
;;   top_store v7
;;   v11 = vmctx.ptr
;;   v12 = load.i32 v11 +72 immutable
;;   hstore.i32 v5 +0, v12
;;   jump b3(v5)
;; b2: cold
;;   v15 = call_builtin.ref alloc (v3)
;;   jump b3(v15)
;; b3(v17:ref):
;;   hstore.i32 v17 +4, v3
;;   hstore.i32 v17 +8, v1
;;   v20 = iconst.i32 2
;;   v21 = top_load.ref 4294967280
;;   v22 = top_load.i32 4294967284
;;   v23 = add.i32 v21, v4
;;   v24 = gt_u.i32 v23, v22
;;   branch v24 b5 b4
;; b4:
;;   top_store v23
;;   v27 = vmctx.ptr
;;   v28 = load.i32 v27 +76 immutable
;;   hstore.i32 v21 +0, v28
;;   hstore.i32 v21 +4, v20
;;   jump b6(v21)
;; b5: cold
;;   v32 = call_builtin.ref alloc_array (v20, v20)
;;   jump b6(v32)
;; b6(v34:ref):
;;   hstore.i32 v34 +8, v1
;;   hstore.i32 v34 +12, v1
;;   v37 = add.i32 v1, v3
;;   v38 = iconst.i32 3
;;   v39 = add.i32 v1, v38
;;   return (v39)
;; }
