;; test: build
(module
  (func (param i32) (result i32) ;; one multiplication, as a shift
    (i32.add (i32.mul (local.get 0) (i32.const 8)) (i32.mul (local.get 0) (i32.const 8))))
  (func (param i32) (result i32) ;; constants move together
    (i32.add (i32.sub (i32.add (local.get 0) (i32.const 5)) (i32.const 7)) (i32.const 2)))
  (func (param i64) (result i32) ;; eqz of a comparison turns it
    (i32.eqz (i64.lt_u (local.get 0) (i64.const 9)))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 8
;;   v3 = iconst.i32 3
;;   v4 = shl.i32 v1, v3
;;   v5 = add.i32 v4, v4
;;   return (v5)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 5
;;   v3 = add.i32 v1, v2
;;   v4 = iconst.i32 7
;;   v5 = iconst.i32 -7
;;   v6 = iconst.i32 -2
;;   v7 = add.i32 v1, v6
;;   v8 = iconst.i32 2
;;   v9 = iconst.i32 0
;;   return (v1)
;; }
;; fn 2 (i64) -> (i32) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = iconst.i64 9
;;   v3 = lt_u.i32 v1, v2
;;   v4 = iconst.i32 0
;;   v5 = ge_u.i32 v1, v2
;;   return (v5)
;; }
