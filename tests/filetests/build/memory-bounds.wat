;; test: build
(module
  (memory 1)
  (memory i64 1)
  (func (param i32) (result i32) (i32.load offset=16 (local.get 0)))            ;; guard pages
  (func (param i32) (result i32) (i32.load8_u offset=0x90000000 (local.get 0))) ;; past them: a check
  (func (param i64) (result i64) (i64.load 1 offset=8 (local.get 0)))  ;; 64 bits: a check
  (func (param i64) (result i64) (i64.load 1 offset=0x20000 (local.get 0)))
  (func (param i64) (result i64) (i64.load 1 offset=0xffffffffffffffff (local.get 0))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = gload.i32 v1 +16
;;   return (v2)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = zext32.i64 v1
;;   v3 = vmctx.ptr
;;   v4 = load.ptr v3 +48 immutable
;;   v5 = load.i64 v4 +8
;;   v6 = iconst.i64 2415919105
;;   v7 = lt_u.i32 v5, v6
;;   trapif v7 memory_out_of_bounds
;;   v9 = iconst.i64 -2415919105
;;   v10 = add.i64 v5, v9
;;   v11 = gt_u.i32 v2, v10
;;   trapif v11 memory_out_of_bounds
;;   v13 = iconst.i64 2415919104
;;   v14 = add.i64 v2, v13
;;   v15 = gload.i32.8u v14 +0
;;   return (v15)
;; }
;; fn 2 (i64) -> (i64) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = vmctx.ptr
;;   v3 = load.ptr v2 +56 immutable
;;   v4 = load.i64 v3 +8
;;   v5 = iconst.i64 16
;;   v6 = iconst.i64 -16
;;   v7 = add.i64 v4, v6
;;   v8 = gt_u.i32 v1, v7
;;   trapif v8 memory_out_of_bounds
;;   v10 = load.ptr v3 +0 immutable
;;   v11 = gload.i64 v1 +8 base v10
;;   return (v11)
;; }
;; fn 3 (i64) -> (i64) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = vmctx.ptr
;;   v3 = load.ptr v2 +56 immutable
;;   v4 = load.i64 v3 +8
;;   v5 = iconst.i64 131080
;;   v6 = lt_u.i32 v4, v5
;;   trapif v6 memory_out_of_bounds
;;   v8 = iconst.i64 -131080
;;   v9 = add.i64 v4, v8
;;   v10 = gt_u.i32 v1, v9
;;   trapif v10 memory_out_of_bounds
;;   v12 = load.ptr v3 +0 immutable
;;   v13 = gload.i64 v1 +131072 base v12
;;   return (v13)
;; }
;; fn 4 (i64) -> (i64) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = vmctx.ptr
;;   v3 = load.ptr v2 +56 immutable
;;   v4 = load.i64 v3 +8
;;   v5 = iconst.i32 1
;;   trapif v5 memory_out_of_bounds
;;   v7 = iconst.i64 8
;;   v8 = iconst.i64 -8
;;   v9 = add.i64 v4, v8
;;   v10 = gt_u.i32 v1, v9
;;   trapif v10 memory_out_of_bounds
;;   v12 = load.ptr v3 +0 immutable
;;   v13 = gload.i64 v1 +0 base v12
;;   return (v13)
;; }
