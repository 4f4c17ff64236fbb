;; test: build
(module
  (rec (type $f (func (param i64 (ref null $k)) (result i32))) (type $k (cont $f)))
  (type $g (func (param i32 f64 i64 (ref null $k)) (result i32)))
  (type $l (cont $g))
  (tag $t (result i32))
  (func (param (ref $l)) (result (ref $k))
    (cont.bind $l $k (i32.const 1) (f64.const 2) (local.get 0)))
  (func (param i64 (ref null $k)) (result i64)
    (drop (switch $k $t (local.get 0) (local.get 1)))))
;; fn 0 (ref) -> (ref) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.i32 1
;;   v3 = fconst.f64 0x4000000000000000
;;   v4 = hload.ptr v1 +8 null_struct
;;   trapifz v4 continuation_consumed
;;   v6 = iconst.i32 2
;;   v7 = call_builtin.ptr cont_bind (v1, v6, v6)
;;   store.i32 v7 +0, v2
;;   store.f64 v7 +16, v3
;;   v10 = load.ref v4 +108
;;   return (v10)
;; }
;; fn 1 (i64, ref) -> (i64) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = param.ref 1
;;   v3 = hload.ptr v2 +8 null_struct
;;   trapifz v3 continuation_consumed
;;   v5 = iconst.i32 16
;;   v6 = top_load.ref 4294967280
;;   v7 = top_load.i32 4294967284
;;   v8 = add.i32 v6, v5
;;   v9 = gt_u.i32 v8, v7
;;   branch v9 b2 b1
;; b1:
;;   top_store v8
;;   v12 = iconst.i32 128
;;   hstore.i32 v6 +0, v12
;;   jump b3(v6)
;; b2: cold
;;   v15 = call_builtin.ref cont_cell ()
;;   jump b3(v15)
;; b3(v17:ref):
;;   v18 = vmctx.ptr
;;   v19 = load.ptr v18 +0 immutable
;;   v20 = load.ptr v19 +0
;;   hstore.ptr v17 +8, v20
;;   store.ref v20 +108, v17
;;   v23 = load.ptr v18 +48 immutable
;;   v24 = switch_to.i64 v2, v23 t0 (v1, v17, v20)
;;   v25 = proj.ref v24, 1
;;   return (v24)
;; }
