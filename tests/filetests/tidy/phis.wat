;; test: tidy
(module
  (func (param i32 i32) (result i32) (local i32) ;; local 1 is set to what it was, local 2 is read by nobody
    (loop
      (local.set 1 (local.get 1))
      (local.set 2 (i32.add (local.get 2) (i32.const 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   jump b1(v1)
;; b1(v5:i32): loop 1
;;   v10 = iconst.i32 -1
;;   v11 = add.i32 v5, v10
;;   branch v11 b2 b3
;; b2:
;;   jump b1(v11)
;; b3:
;;   return (v2)
;; }
