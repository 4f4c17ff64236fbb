;; test: build
(module
  (func (param i32 i32) (result i32) ;; the divisor is known not to be zero
    (if (result i32) (local.get 1)
      (then (i32.div_u (local.get 0) (local.get 1)))
      (else (i32.const 0))))
  (func (param i32) (result i32) ;; asked again, and the other way around
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 5))
      (then
        (block (br_if 0 (i32.ge_u (local.get 0) (i32.const 5))) (return (i32.const 1)))
        (i32.const 2))
      (else (i32.const 3))))
  (func (param i32) (result i32) (local i32) ;; the inverse was computed before
    (local.set 1 (i32.ge_u (local.get 0) (i32.const 5)))
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 5))
      (then (select (i32.const 10) (i32.const 20) (local.get 1)))
      (else (select (i32.const 30) (i32.const 40) (local.get 1))))))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   branch v2 b1 b2
;; b1:
;;   v4 = div_u.i32 v1, v2
;;   jump b3(v4)
;; b2:
;;   v6 = iconst.i32 0
;;   jump b3(v6)
;; b3(v8:i32):
;;   return (v8)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 5
;;   v3 = lt_u.i32 v1, v2
;;   branch v3 b1 b4
;; b1:
;;   v5 = ge_u.i32 v1, v2
;;   branch v5 b3 b2
;; b2:
;;   v7 = iconst.i32 1
;;   return (v7)
;; b3:
;;   v9 = iconst.i32 2
;;   jump b5(v9)
;; b4:
;;   v11 = iconst.i32 3
;;   jump b5(v11)
;; b5(v13:i32):
;;   return (v13)
;; }
;; fn 2 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 0
;;   v3 = iconst.i32 5
;;   v4 = ge_u.i32 v1, v3
;;   v5 = lt_u.i32 v1, v3
;;   branch v5 b1 b2
;; b1:
;;   v7 = iconst.i32 10
;;   v8 = iconst.i32 20
;;   jump b3(v8)
;; b2:
;;   v10 = iconst.i32 30
;;   v11 = iconst.i32 40
;;   jump b3(v10)
;; b3(v13:i32):
;;   return (v13)
;; }
