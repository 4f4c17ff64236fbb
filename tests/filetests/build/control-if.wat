;; test: build
(module
  (func (param i32 i32) (result i32) (local i32) ;; only what differs meets in a phi
    (local.set 2 (i32.const 7))
    (if (i32.eqz (local.get 0)) (then (local.set 1 (i32.const 3)) (local.set 2 (i32.const 7))))
    (i32.add (local.get 1) (local.get 2)))
  (func (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (unreachable)))))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = iconst.i32 0
;;   v4 = iconst.i32 7
;;   branch v1 b2(v2) b1
;; b1:
;;   v6 = iconst.i32 3
;;   jump b2(v6)
;; b2(v8:i32):
;;   v9 = add.i32 v8, v4
;;   return (v9)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   branch v1 b1 b2
;; b1:
;;   v3 = iconst.i32 1
;;   jump b3
;; b2: cold
;;   trap unreachable
;; b3:
;;   return (v3)
;; }
