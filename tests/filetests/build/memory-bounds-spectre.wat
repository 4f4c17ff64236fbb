;; test: build spectre
(module
  (memory i64 1)
  (func (param i64) (result i32) (i32.load (local.get 0))))
;; fn 0 (i64) -> (i32) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = vmctx.ptr
;;   v3 = load.ptr v2 +48 immutable
;;   v4 = load.i64 v3 +8
;;   v5 = iconst.i64 4
;;   v6 = iconst.i64 -4
;;   v7 = add.i64 v4, v6
;;   v8 = gt_u.i32 v1, v7
;;   trapif v8 memory_out_of_bounds
;;   v10 = iconst.i64 0
;;   v11 = select.i64 v8, v10, v1 mask
;;   v12 = gload.i32 v11 +0
;;   return (v12)
;; }
