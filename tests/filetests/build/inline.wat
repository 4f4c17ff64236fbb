;; test: build inlining interruption
(module
  (memory 1)
  (func $get (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func $min (param i32 i32) (result i32)
    (if (i32.lt_s (local.get 0) (local.get 1)) (then (return (local.get 0))))
    (local.get 1))
  (func $again (param i32) (call $again (call $get (local.get 0))))
  (func (param i32) (result i32)
    (loop (result i32)
      (local.set 0 (call $min (call $get (local.get 0)) (i32.const 9)))
      (br_if 0 (i32.eqz (local.get 0)))
      (local.get 0)))
  (func (param i32) (call $again (local.get 0))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = gload.i32 v1 +4
;;   return (v2)
;; }
;; fn 1 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = lt_s.i32 v1, v2
;;   branch v3 b1 b2
;; b1:
;;   return (v1)
;; b2:
;;   return (v2)
;; }
;; fn 2 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   poll
;;   v3 = gload.i32 v1 +4
;;   v4 = gload.i32 v3 +4
;;   v5 = gload.i32 v4 +4
;;   call f2 t2 (v5)
;;   return ()
;; }
;; fn 3 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   jump b1(v1)
;; b1(v3:i32): loop 1
;;   poll
;;   v5 = gload.i32 v3 +4
;;   v6 = iconst.i32 9
;;   v7 = lt_s.i32 v5, v6
;;   branch v7 b2 b3
;; b2:
;;   jump b4(v5)
;; b3:
;;   jump b4(v6)
;; b4(v11:i32):
;;   branch v11 b5 b1(v11)
;; b5:
;;   return (v11)
;; }
;; fn 4 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   poll
;;   v3 = gload.i32 v1 +4
;;   call f2 t2 (v3)
;;   return ()
;; }
