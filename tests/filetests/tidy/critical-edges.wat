;; test: tidy
(module
  (func (param i32 i32) (result i32)
    (block
      (br_if 0 (local.get 0))
      (local.set 1 (i32.const 2))
      (br_if 0 (local.get 1))
      (local.set 1 (i32.const 3)))
    (local.get 1)))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   branch v1 b1 b2
;; b1:
;;   jump b3(v2)
;; b2:
;;   v4 = iconst.i32 2
;;   jump b3(v4)
;; b3(v6:i32):
;;   return (v6)
;; }
