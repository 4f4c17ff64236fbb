;; test: tidy
(module
  (func (param i32) (result i32)
    (@metadata.code.branch_hint "\00") (if (local.get 0) (then (local.set 0 (i32.const 1))))
    (local.get 0))
  (func (param i32) (result i32)
    (block
      (@metadata.code.branch_hint "\01") (br_if 0 (local.get 0))
      (local.set 0 (i32.const 1)))
    (local.get 0)))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   branch v1 b2 b1
;; b1:
;;   jump b3(v1)
;; b2: cold
;;   v3 = iconst.i32 1
;;   jump b3(v3)
;; b3(v5:i32):
;;   return (v5)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   branch v1 b1 b2
;; b1:
;;   jump b3(v1)
;; b2: cold
;;   v3 = iconst.i32 1
;;   jump b3(v3)
;; b3(v5:i32):
;;   return (v5)
;; }
