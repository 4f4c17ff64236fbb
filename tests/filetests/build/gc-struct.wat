;; test: build
(module
  (type $p (sub (struct (field i32) (field (mut (ref null $p))))))
  (type $q (sub final $p (struct (field i32) (field (mut (ref null $p))) (field (mut i8)))))
  (func (param i32) (param (ref null $p)) (result (ref $p)) (struct.new $p (local.get 0) (local.get 1)))
  (func (param (ref null $q)) (param (ref null $p)) (result i32)
    (struct.set $q 1 (local.get 0) (local.get 1))
    (struct.set $q 2 (local.get 0) (i32.const 3))
    (i32.add (struct.get_s $q 2 (local.get 0)) (struct.get $q 0 (local.get 0)))))
;; fn 0 (i32, ref) -> (ref) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.ref 1
;;   v3 = iconst.i32 16
;;   v4 = top_load.ref 4294967280
;;   v5 = top_load.i32 4294967284
;;   v6 = add.i32 v4, v3
;;   v7 = gt_u.i32 v6, v5
;;   branch v7 b2 b1
;; b1:
;;   top_store v6
;;   v10 = vmctx.ptr
;;   v11 = load.i32 v10 +64 immutable
;;   hstore.i32 v4 +0, v11
;;   jump b3(v4)
;; b2: cold
;;   v14 = iconst.i32 0
;;   v15 = call_builtin.ref alloc (v14)
;;   jump b3(v15)
;; b3(v17:ref):
;;   hstore.i32 v17 +4, v1
;;   hstore.ref v17 +8, v2
;;   return (v17)
;; }
;; fn 1 (ref, ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = param.ref 1
;;   hstore.ref v1 +8, v2 barrier null_struct
;;   v4 = iconst.i32 3
;;   hstore.i32.8u v1 +12, v4
;;   v6 = hload.i32 v1 +4 immutable
;;   v7 = add.i32 v6, v4
;;   return (v7)
;; }
