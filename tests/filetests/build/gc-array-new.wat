;; test: build
(module
  (type $a (array (mut i8)))
  (type $r (array (mut (ref null $a))))
  (func (param i32) (result (ref $a)) (array.new_default $a (local.get 0)))
  (func (param i32 (ref null $a)) (result (ref $r)) (array.new $r (local.get 1) (local.get 0))))
;; fn 0 (i32) -> (ref) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 1024
;;   v3 = gt_u.i32 v1, v2
;;   branch v3 b6 b1
;; b1:
;;   v5 = iconst.i32 0
;;   v6 = iconst.i32 15
;;   v7 = add.i32 v1, v6
;;   v8 = iconst.i32 -8
;;   v9 = and.i32 v7, v8
;;   v10 = top_load.ref 4294967280
;;   v11 = top_load.i32 4294967284
;;   v12 = add.i32 v10, v9
;;   v13 = gt_u.i32 v12, v11
;;   branch v13 b6 b2
;; b2:
;;   top_store v12
;;   v16 = vmctx.ptr
;;   v17 = load.i32 v16 +64 immutable
;;   hstore.i32 v10 +0, v17
;;   hstore.i32 v10 +4, v1
;;   v20 = iconst.i32 3
;;   v21 = shr_u.i32 v9, v20
;;   v22 = iconst.i32 1
;;   v23 = iconst.i32 -1
;;   v24 = add.i32 v21, v23
;;   v25 = iconst.i64 0
;;   jump b3(v5)
;; b3(v27:i32): loop 1
;;   v28 = lt_u.i32 v27, v24
;;   branch v28 b4 b5
;; b4:
;;   hstore.i64 v10 +8 index v27, v25
;;   v31 = add.i32 v27, v22
;;   jump b3(v31)
;; b5:
;;   jump b7(v10)
;; b6: cold
;;   v34 = iconst.i32 0
;;   v35 = call_builtin.ref alloc_array (v34, v1)
;;   jump b7(v35)
;; b7(v37:ref):
;;   return (v37)
;; }
;; fn 1 (i32, ref) -> (ref) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.ref 1
;;   v3 = iconst.i32 128
;;   v4 = gt_u.i32 v1, v3
;;   branch v4 b6 b1
;; b1:
;;   v6 = iconst.i32 2
;;   v7 = shl.i32 v1, v6
;;   v8 = iconst.i32 15
;;   v9 = add.i32 v7, v8
;;   v10 = iconst.i32 -8
;;   v11 = and.i32 v9, v10
;;   v12 = top_load.ref 4294967280
;;   v13 = top_load.i32 4294967284
;;   v14 = add.i32 v12, v11
;;   v15 = gt_u.i32 v14, v13
;;   branch v15 b6 b2
;; b2:
;;   top_store v14
;;   v18 = vmctx.ptr
;;   v19 = load.i32 v18 +68 immutable
;;   hstore.i32 v12 +0, v19
;;   hstore.i32 v12 +4, v1
;;   v22 = iconst.i32 0
;;   v23 = iconst.i32 1
;;   jump b3(v22)
;; b3(v25:i32): loop 1
;;   v26 = lt_u.i32 v25, v1
;;   branch v26 b4 b5
;; b4:
;;   hstore.ref v12 +8 index v25, v2
;;   v29 = add.i32 v25, v23
;;   jump b3(v29)
;; b5:
;;   jump b7(v12)
;; b6: cold
;;   v32 = iconst.i32 1
;;   v33 = call_builtin.ref alloc_array (v32, v1)
;;   v34 = iconst.i32 0
;;   v35 = iconst.i64 0
;;   v36 = zext32.i64 v2
;;   call_builtin array_fill (v33, v34, v36, v35, v1)
;;   jump b7(v33)
;; b7(v39:ref):
;;   return (v39)
;; }
