;; test: build
(module
  (func (param i32) (result i32) (local i32) ;; equal targets share an edge
    (block
      (block
        (local.set 1 (i32.const 5))
        (br_table 0 1 0 1 1 (local.get 0)))
      (local.set 1 (i32.const 6)))
    (local.get 1))
  (func (param i32) (block (br_table 0 0 0 (local.get 0)))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 0
;;   v3 = iconst.i32 5
;;   switch v1 b1 b2(v3) b1 b2(v3) b2(v3)
;; b1:
;;   v5 = iconst.i32 6
;;   jump b2(v5)
;; b2(v7:i32):
;;   return (v7)
;; }
;; fn 1 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   jump b1
;; b1:
;;   return ()
;; }
