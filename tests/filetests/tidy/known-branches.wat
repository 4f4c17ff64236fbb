;; test: tidy
(module
  (func (param i32) (result i32) ;; the second branch is on what the first has found out; its loop is not reached
    (if (local.get 0)
      (then (if (i32.eqz (local.get 0)) (then (loop (local.set 0 (i32.const 1)) (br 0))))))
    (local.get 0))
  (func (param i32) (result i32)
    (if (i32.const 0) (then (return (i32.const 5))) (else (local.set 0 (i32.const 7))))
    (local.get 0)))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   jump b1
;; b1:
;;   return (v1)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   jump b1
;; b1:
;;   v6 = iconst.i32 7
;;   return (v6)
;; }
