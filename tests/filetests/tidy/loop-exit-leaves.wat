;; test: tidy
(module
  (memory 1)
  (func (param i32) (result i32) ;; the return stands behind the loop, which it leaves
    (loop
      (if (i32.eq (i32.load (local.get 0)) (i32.const 7)) (then (return (i32.add (local.get 0) (i32.const 1)))))
      (local.set 0 (i32.add (local.get 0) (i32.const 4)))
      (br 0))
    (unreachable)))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   jump b1(v1)
;; b1(v3:i32): loop 1
;;   v4 = gload.i32 v3 +0
;;   v5 = iconst.i32 7
;;   v6 = eq.i32 v4, v5
;;   branch v6 b3 b2
;; b2:
;;   v11 = iconst.i32 4
;;   v12 = add.i32 v3, v11
;;   jump b1(v12)
;; b3:
;;   v8 = iconst.i32 1
;;   v9 = add.i32 v3, v8
;;   return (v9)
;; }
