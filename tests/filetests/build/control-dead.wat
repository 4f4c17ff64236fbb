;; test: build
(module
  (func (result i32) ;; nothing is made of dead code
    (block (result i32)
      (br 0 (i32.const 1))
      (loop (br 0))
      (drop (i32.div_s (i32.const 1) (i32.const 0)))
      (i32.const 2))))
;; fn 0 () -> (i32) {
;; b0:
;;   v1 = iconst.i32 1
;;   jump b1
;; b1:
;;   return (v1)
;; }
