;; test: build
(module
  (func (param i32 i32) (result i32) (local i32 i32) ;; local 1 and 3 get no phi: the loop does not set them
    (loop
      (local.set 2 (i32.add (local.get 2) (local.get 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.add (local.get 2) (local.get 3))))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = iconst.i32 0
;;   jump b1(v3, v1)
;; b1(v5:i32, v6:i32): loop 1
;;   v7 = add.i32 v5, v2
;;   v8 = iconst.i32 1
;;   v9 = iconst.i32 -1
;;   v10 = add.i32 v6, v9
;;   branch v10 b1(v7, v10) b2
;; b2:
;;   return (v7)
;; }
