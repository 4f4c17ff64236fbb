;; test: tidy
(module
  (memory $m 1 1 shared)
  (memory $n i64 1 9 shared)
  (func (param i32) (result i32) ;; nothing is known behind an atomic access
    (i32.store (local.get 0) (i32.const 5))
    (drop (i32.atomic.load offset=8 (local.get 0)))
    (i32.load (local.get 0)))
  (func (param i32) (result i32) ;; what one thread does in between, it sees itself
    (i32.store (local.get 0) (i32.const 5))
    (i32.load (local.get 0)))
  (func (param i32) ;; each round reads anew
    (if (i32.load (local.get 0)) (then (loop $again (br_if $again (i32.load (local.get 0)))))))
  (func (param i64) (result i32) ;; the size is checked again
    (i32.add (i32.atomic.load $n offset=2 (local.get 0)) (i32.atomic.load $n offset=2 (local.get 0))))
  (func (result i64) (i64.sub (memory.size $n) (memory.size $n)))
  (func (param i32) (result i32) ;; the result may be dropped, not the access
    (drop (i32.atomic.rmw.xchg (local.get 0) (i32.const 1)))
    (atomic.fence)
    (i32.const 3))
  (func (param i32) (result i32) (memory.atomic.wait32 offset=4 (local.get 0) (i32.const 1) (i64.const -1))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 5
;;   gstore.i32 v1 +0, v2
;;   v4 = iconst.i32 3
;;   v5 = and.i32 v1, v4
;;   trapif v5 unaligned_atomic
;;   v7 = atomic_load.i32 v1 +8
;;   v8 = gload.i32 v1 +0
;;   return (v8)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 5
;;   gstore.i32 v1 +0, v2
;;   return (v2)
;; }
;; fn 2 (i32) -> () {
;; b0:
;;   v1 = param.i32 0
;;   v2 = gload.i32 v1 +0
;;   branch v2 b2 b1
;; b1:
;;   jump b6
;; b2:
;;   jump b3
;; b3: loop 1
;;   v5 = gload.i32 v1 +0
;;   branch v5 b4 b5
;; b4:
;;   jump b3
;; b5:
;;   jump b6
;; b6:
;;   return ()
;; }
;; fn 3 (i64) -> (i32) {
;; b0:
;;   v1 = param.i64 0
;;   v2 = iconst.i64 2
;;   v3 = add.i64 v1, v2
;;   v4 = iconst.i64 3
;;   v5 = and.i64 v3, v4
;;   trapif v5 unaligned_atomic
;;   v7 = vmctx.ptr
;;   v8 = load.ptr v7 +56 immutable
;;   v9 = load.ptr v8 +16 immutable
;;   v10 = load.i64 v9 +0
;;   v12 = iconst.i64 -6
;;   v13 = add.i64 v10, v12
;;   v14 = gt_u.i32 v1, v13
;;   trapif v14 memory_out_of_bounds
;;   v16 = load.ptr v8 +0 immutable
;;   v17 = atomic_load.i32 v1 +2 base v16
;;   v18 = load.i64 v9 +0
;;   v19 = add.i64 v18, v12
;;   v20 = gt_u.i32 v1, v19
;;   trapif v20 memory_out_of_bounds
;;   v22 = atomic_load.i32 v1 +2 base v16
;;   v23 = add.i32 v17, v22
;;   return (v23)
;; }
;; fn 4 () -> (i64) {
;; b0:
;;   v1 = iconst.i32 1
;;   v2 = call_builtin.i64 memory_size (v1)
;;   v3 = call_builtin.i64 memory_size (v1)
;;   v4 = sub.i64 v2, v3
;;   return (v4)
;; }
;; fn 5 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 1
;;   v3 = iconst.i32 3
;;   v4 = and.i32 v1, v3
;;   trapif v4 unaligned_atomic
;;   v6 = atomic_xchg.i32 v1 +0, v2
;;   fence
;;   return (v3)
;; }
;; fn 6 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 1
;;   v3 = iconst.i64 -1
;;   v4 = zext32.i64 v1
;;   v5 = iconst.i32 0
;;   v6 = iconst.i64 4
;;   v7 = call_builtin.i32 atomic_wait32 (v5, v4, v6, v2, v3)
;;   return (v7)
;; }
