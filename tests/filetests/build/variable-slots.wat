;; test: build slots
(module
  (func (param i32) (result i32) (local i32)
    (loop
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 0
;;   local_set v1, 0
;;   local_set v2, 1
;;   jump b1
;; b1: loop 1
;;   v6 = local_get.i32 1
;;   v7 = local_get.i32 0
;;   v8 = add.i32 v6, v7
;;   local_set v8, 1
;;   v10 = local_get.i32 0
;;   v11 = iconst.i32 1
;;   v12 = iconst.i32 -1
;;   v13 = add.i32 v10, v12
;;   local_set v13, 0
;;   branch v13 b1 b2
;; b2:
;;   v16 = local_get.i32 1
;;   return (v16)
;; }
