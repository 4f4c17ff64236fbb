;; test: build
(module
  (table $f 2 funcref)
  (table $e 2 externref)
  (func (param i32) (result funcref) (table.get $f (local.get 0)))
  (func (param i32 externref) (table.set $e (local.get 0) (local.get 1)))
  (func (result i32) (table.size $e)))
;; fn 0 (i32) -> (funcref) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = vmctx.ptr
;;   v3 = load.ptr v2 +48 immutable
;;   v4 = zext32.i64 v1
;;   v5 = load.i64 v3 +8
;;   v6 = ge_u.i32 v4, v5
;;   trapif v6 table_out_of_bounds
;;   v8 = load.ptr v3 +0
;;   v9 = iconst.i64 3
;;   v10 = shl.i64 v4, v9
;;   v11 = add.ptr v8, v10
;;   v12 = load.funcref v11 +0 table
;;   return (v12)
;; }
;; fn 1 (i32, ref) -> () {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.ref 1
;;   v3 = vmctx.ptr
;;   v4 = load.ptr v3 +56 immutable
;;   v5 = zext32.i64 v1
;;   v6 = load.i64 v4 +8
;;   v7 = ge_u.i32 v5, v6
;;   trapif v7 table_out_of_bounds
;;   v9 = load.ptr v4 +0
;;   v10 = iconst.i64 2
;;   v11 = shl.i64 v5, v10
;;   v12 = add.ptr v9, v11
;;   store.ref v12 +0, v2 table
;;   return ()
;; }
;; fn 2 () -> (i32) {
;; b0:
;;   v1 = vmctx.ptr
;;   v2 = load.ptr v1 +56 immutable
;;   v3 = load.i64 v2 +8
;;   v4 = wrap.i32 v3
;;   return (v4)
;; }
