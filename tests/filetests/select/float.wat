;; test: select
(module
  (func (param f64) (result f64) (f64.mul (f64.add (local.get 0) (f64.const 1.5)) (f64.const 0.25))) ;; constants from the pool
  (func (param f32) (result f32) (f32.neg (f32.abs (local.get 0))))
  (func (param f64 f64) (result f64) (f64.copysign (f64.min (local.get 0) (local.get 1)) (local.get 1)))
  (func (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (param f32) (result i32) (i32.trunc_f32_u (local.get 0)))
  (func (param i64) (result f32) (f32.convert_i64_u (local.get 0))))
;; ;; func 0, select
;; b0:
;;   params.8 -> xmm0=v2
;;   move.8 v1, v2
;;   addsd v1, qword [pool 1]
;;   move.8 v0, v1
;;   mulsd v0, qword [pool 0]
;;   ret (v0:xmm0)
;; ;; func 1, select
;; b0:
;;   params.8 -> xmm0=v2
;;   move.4 v1, v2
;;   andps v1, xmmword [pool 2]
;;   move.4 v0, v1
;;   xorps v0, xmmword [pool 0]
;;   ret (v0:xmm0)
;; ;; func 2, select
;; b0:
;;   params.8 -> xmm0=v4, xmm1=v2
;;   move.8 v3, v4
;;   fmind v3, v2
;;   move.8 v1, v2
;;   andps v1, xmmword [pool 0]
;;   move.8 v0, v3
;;   andps v0, xmmword [pool 2]
;;   orps v0, v1
;;   ret (v0:xmm0)
;; ;; func 3, select
;; b0:
;;   params.8 -> xmm0=v1
;;   cvtts2sid v0, v1
;;   cmp v0, 1
;;   trunc_guardo v1 !8
;;   ret (v0:rax)
;; ;; func 4, select
;; b0:
;;   params.8 -> xmm0=v1
;;   cvtts2siqs v2, v1
;;   cmp v2, qword [pool 0]
;;   trunc_guarda v1 !8
;;   mov v0, v2
;;   ret (v0:rax)
;; ;; func 5, select
;; b0:
;;   params.8 -> rdi=v1
;;   cvtui2sqs v0, v1, v2
;;   ret (v0:xmm0)
