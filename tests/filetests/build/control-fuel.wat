;; test: build fuel interruption
(module (func $f (param i32) (loop (call $f (local.get 0)) (br_if 0 (local.get 0)))))
;; fn 0 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   fuel 2
;;   poll
;;   jump b1
;; b1: loop 1
;;   fuel 5
;;   poll
;;   call f0 t0 (v1)
;;   branch v1 b1 b2
;; b2:
;;   return ()
;; }
