;; test: build
(module
  (type $f (func (param i32) (result i32)))
  (type $open (sub (func (param i64))))
  (table 4 4 funcref)
  (table $t 1 funcref)
  (func (param i32 i32) (result i32) (call_indirect (type $f) (local.get 0) (local.get 1)))
  (func (param i32) (call_indirect $t (type $open) (i64.const 1) (local.get 0))))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = vmctx.ptr
;;   v4 = load.ptr v3 +48 immutable
;;   v5 = zext32.i64 v2
;;   v6 = iconst.i32 4
;;   v7 = ge_u.i32 v2, v6
;;   trapif v7 undefined_element
;;   v9 = load.ptr v4 +0 immutable
;;   v10 = iconst.i64 3
;;   v11 = shl.i64 v5, v10
;;   v12 = add.ptr v9, v11
;;   v13 = load.funcref v12 +0 immutable
;;   v14 = load.i32 v13 +16 immutable faults
;;   v15 = load.i32 v3 +64 immutable
;;   v16 = ne.i32 v14, v15
;;   trapif v16 indirect_call_type_mismatch
;;   v18 = call_func.i32 v13 t0 (v1) own
;;   return (v18)
;; }
;; fn 1 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i64 1
;;   v3 = vmctx.ptr
;;   v4 = load.ptr v3 +56 immutable
;;   v5 = zext32.i64 v1
;;   v6 = iconst.i32 1
;;   v7 = iconst.i32 0
;;   v8 = ne.i32 v1, v7
;;   trapif v1 undefined_element
;;   v10 = load.ptr v4 +0 immutable
;;   v11 = iconst.i64 3
;;   v12 = shl.i64 v5, v11
;;   v13 = add.ptr v10, v12
;;   v14 = load.funcref v13 +0 immutable
;;   v15 = load.i32 v14 +16 immutable faults
;;   v16 = load.i32 v3 +68 immutable
;;   v17 = ne.i32 v15, v16
;;   branch v17 b1 b2
;; b1: cold
;;   call_builtin call_check (v14, v6)
;;   jump b2
;; b2:
;;   call_func v14 t1 (v2) own
;;   return ()
;; }
