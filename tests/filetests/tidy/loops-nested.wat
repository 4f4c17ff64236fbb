;; test: tidy
(module
  (func (param i32 i32) (result i32) (local i32 i32)
    (loop $outer
      (local.set 2 (local.get 1))
      (loop $inner
        (local.set 3 (i32.add (local.get 3) (i32.const 1)))
        (br_if $inner (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
      (br_if $outer (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 3)))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = iconst.i32 0
;;   jump b1(v3, v1)
;; b1(v5:i32, v6:i32): loop 1
;;   jump b2(v5, v2)
;; b2(v9:i32, v10:i32): loop 2
;;   v11 = iconst.i32 1
;;   v12 = add.i32 v9, v11
;;   v13 = iconst.i32 -1
;;   v14 = add.i32 v10, v13
;;   branch v14 b3 b4
;; b3:
;;   jump b2(v12, v14)
;; b4:
;;   v16 = add.i32 v6, v13
;;   branch v16 b5 b6
;; b5:
;;   jump b1(v12, v16)
;; b6:
;;   return (v12)
;; }
