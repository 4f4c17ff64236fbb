;; test: tidy
(module
  ;; a && b && c, a || b
  (func (param i32 i32 i32) (result i32)
    (if (if (result i32) (local.get 0)
          (then (if (result i32) (local.get 1) (then (local.get 2)) (else (i32.const 0))))
          (else (i32.const 0)))
      (then (return (i32.const 7))))
    (i32.const 8))
  (func (param i32 i32)
    (block
      (br_if 0 (i32.eqz (if (result i32) (local.get 0) (then (i32.const 1)) (else (local.get 1)))))
      (unreachable)))
  ;; The value is wanted, too: it stays.
  (func (param i32 i32) (result i32)
    (local i32)
    (if (local.tee 2 (if (result i32) (local.get 0) (then (local.get 1)) (else (i32.const 0))))
      (then (return (local.get 2))))
    (i32.const 8)))
;; fn 0 (i32, i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = param.i32 2
;;   branch v1 b2 b1
;; b1:
;;   jump b7
;; b2:
;;   branch v2 b4 b3
;; b3:
;;   jump b7
;; b4:
;;   branch v3 b6 b5
;; b5:
;;   jump b7
;; b6:
;;   v15 = iconst.i32 7
;;   return (v15)
;; b7:
;;   v17 = iconst.i32 8
;;   return (v17)
;; }
;; fn 1 (i32, i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   branch v1 b1 b2
;; b1: cold
;;   jump b4
;; b2:
;;   branch v2 b3 b5
;; b3: cold
;;   jump b4
;; b4: cold
;;   trap unreachable
;; b5:
;;   return ()
;; }
;; fn 2 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = iconst.i32 0
;;   branch v1 b1 b2
;; b1:
;;   jump b3(v2)
;; b2:
;;   jump b3(v3)
;; b3(v7:i32):
;;   branch v7 b4 b5
;; b4:
;;   return (v7)
;; b5:
;;   v10 = iconst.i32 8
;;   return (v10)
;; }
