;; test: build
(module
  (memory 1)
  (func (param i32 i32) (result i32) ;; the second load is the first; the third place is another
    (i32.store offset=8 (local.get 0) (local.get 1))
    (i32.add (i32.add (i32.load (local.get 0)) (i32.load offset=8 (local.get 0)))
             (i32.load (local.get 0))))
  (func (param i32 i32) (result i32) ;; a store through another address may change it
    (drop (i32.load (local.get 0)))
    (i32.store (local.get 1) (i32.const 1))
    (i32.load (local.get 0)))
  (func (param i32 i32) (result i32) ;; the low part of what was stored
    (i32.store8 (local.get 0) (local.get 1))
    (i32.load8_s (local.get 0)))
  (func $g (param i32) (result i32) ;; calls change everything
    (drop (i32.load (local.get 0)))
    (drop (call $g (local.get 0)))
    (i32.load (local.get 0)))
  (func (param i32) (result i32) ;; over a join where no side stores; not where one does
    (drop (i32.load (local.get 0)))
    (if (local.get 0) (then (drop (i32.load offset=4 (local.get 0)))))
    (drop (i32.load (local.get 0)))
    (if (local.get 0) (then (i32.store (i32.const 0) (i32.const 0))))
    (i32.load (local.get 0)))
  (func (param i32) (loop ;; not into a loop that stores
    (drop (i32.load (local.get 0)))
    (i32.store (i32.const 0) (i32.const 0))
    (br_if 0 (i32.load (local.get 0))))))
;; fn 0 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   gstore.i32 v1 +8, v2
;;   v4 = gload.i32 v1 +0
;;   v5 = add.i32 v4, v2
;;   v6 = add.i32 v5, v4
;;   return (v6)
;; }
;; fn 1 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   v3 = gload.i32 v1 +0
;;   v4 = iconst.i32 1
;;   gstore.i32 v2 +0, v4
;;   v6 = gload.i32 v1 +0
;;   return (v6)
;; }
;; fn 2 (i32, i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i32 1
;;   gstore.i32.8u v1 +0, v2
;;   v4 = sext8.i32 v2
;;   return (v4)
;; }
;; fn 3 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = gload.i32 v1 +0
;;   v3 = call.i32 f3 t1 (v1)
;;   v4 = gload.i32 v1 +0
;;   return (v4)
;; }
;; fn 4 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = gload.i32 v1 +0
;;   branch v1 b1 b2
;; b1:
;;   v4 = gload.i32 v1 +4
;;   jump b2
;; b2:
;;   branch v1 b3 b4
;; b3:
;;   v7 = iconst.i32 0
;;   gstore.i32 v7 +0, v7
;;   jump b4
;; b4:
;;   v10 = gload.i32 v1 +0
;;   return (v10)
;; }
;; fn 5 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   jump b1
;; b1: loop 1
;;   v3 = gload.i32 v1 +0
;;   v4 = iconst.i32 0
;;   gstore.i32 v4 +0, v4
;;   v6 = gload.i32 v1 +0
;;   branch v6 b1 b2
;; b2:
;;   return ()
;; }
