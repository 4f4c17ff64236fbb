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
;;   trapifz v1 null_continuation_reference
;;   v5 = hload.ptr v1 +8
;;   trapifz v5 continuation_consumed
;;   v7 = iconst.i32 2
;;   v8 = call_builtin.ptr cont_bind (v1, v7, v7)
;;   store.i32 v8 +0, v2
;;   store.f64 v8 +16, v3
;;   v11 = load.ref v5 +108
;;   return (v11)
;; }
;; fn 1 (i64, ref) -> (i64) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = param.ref 1
;;   trapifz v2 null_continuation_reference
;;   v4 = hload.ptr v2 +8
;;   trapifz v4 continuation_consumed
;;   v6 = iconst.i32 16
;;   v7 = top_load.ref 4294967280
;;   v8 = top_load.i32 4294967284
;;   v9 = add.i32 v7, v6
;;   v10 = gt_u.i32 v9, v8
;;   branch v10 b2 b1
;; b1:
;;   top_store v9
;;   v13 = iconst.i32 128
;;   hstore.i32 v7 +0, v13
;;   jump b3(v7)
;; b2: cold
;;   v16 = call_builtin.ref cont_cell ()
;;   jump b3(v16)
;; b3(v18:ref):
;;   v19 = vmctx.ptr
;;   v20 = load.ptr v19 +0 immutable
;;   v21 = load.ptr v20 +0
;;   hstore.ptr v18 +8, v21
;;   store.ref v21 +108, v18
;;   v24 = load.ptr v19 +48 immutable
;;   v25 = switch_to.i64 v2, v24 t0 (v1, v18)
;;   v26 = proj.ref v25, 1
;;   return (v25)
;; }
