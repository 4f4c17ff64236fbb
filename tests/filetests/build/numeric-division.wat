;; test: build
(module
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) ;; the divisor is checked once
    (i32.add (i32.div_u (local.get 0) (local.get 1)) (i32.rem_u (local.get 0) (local.get 1))))
  (func (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10)))
  (func (param i64) (result i64) (i64.rem_s (local.get 0) (i64.const 8)))
  (func (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 0))))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   trapifz v2 integer_divide_by_zero
;;   v4 = iconst.i32 -1
;;   v5 = eq.i32 v2, v4
;;   v6 = iconst.i32 -2147483648
;;   v7 = eq.i32 v1, v6
;;   v8 = and.i32 v5, v7
;;   trapif v8 integer_overflow
;;   v10 = div_s.i32 v1, v2
;;   return (v10)
;; }
;; fn 1 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   trapifz v2 integer_divide_by_zero
;;   v4 = div_u.i32 v1, v2
;;   v5 = rem_u.i32 v1, v2
;;   v6 = add.i32 v4, v5
;;   return (v6)
;; }
;; fn 2 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 10
;;   v3 = zext32.i64 v1
;;   v4 = iconst.i64 3435973837
;;   v5 = mul.i64 v3, v4
;;   v6 = iconst.i64 35
;;   v7 = shr_u.i64 v5, v6
;;   v8 = wrap.i32 v7
;;   return (v8)
;; }
;; fn 3 (i64) -> (i64) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = iconst.i64 8
;;   v3 = iconst.i64 63
;;   v4 = shr_s.i64 v1, v3
;;   v5 = iconst.i64 61
;;   v6 = shr_u.i64 v4, v5
;;   v7 = iconst.i64 3
;;   v8 = add.i64 v1, v6
;;   v9 = shr_s.i64 v8, v7
;;   v10 = iconst.i64 -8
;;   v11 = and.i64 v8, v10
;;   v12 = sub.i64 v1, v11
;;   return (v12)
;; }
;; fn 4 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 0
;;   trapifz v2 integer_divide_by_zero
;;   v4 = iconst.i32 -1
;;   v5 = div_s.i32 v1, v2
;;   return (v5)
;; }
