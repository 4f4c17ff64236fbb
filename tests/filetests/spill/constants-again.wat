;; test: spill func=1
;; A constant that a call would cost its register is computed again behind it, and has no slot.
(module (memory 1)
  (func $f (param f64))
  (func (param $p i32) (result f64)
    (call $f (f64.const 1.5))
    (call $f (f64.const 1.5))
    (f64.add (f64.load (local.get $p)) (f64.const 1.5))))
;; ;; func 1, spill
;; b0:
;;   params.8 -> rdi=v2
;;   movsd v4, qword [pool 0]
;;   call func 0 (v4:xmm0)
;;   movsd v3, qword [pool 0]
;;   call func 0 (v3:xmm0)
;;   movsd v1, qword [r14 + v2] !2
;;   move.8 v0, v1
;;   addsd v0, qword [pool 0]
;;   ret (v0:xmm0)
