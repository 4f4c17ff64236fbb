;; test: select
(module (memory 1)
  (func (param i32 i32) (result i32) ;; branch on flags
    (if (result i32) (i32.lt_s (local.get 0) (local.get 1)) (then (i32.const 1)) (else (i32.const 2))))
  (func (param i32) (result i32) ;; test
    (if (result i32) (i32.and (local.get 0) (i32.const 8)) (then (i32.const 1)) (else (i32.const 2))))
  (func (param i32) (result i32) ;; a byte in memory
    (if (result i32) (i32.gt_s (i32.load8_u (local.get 0)) (i32.const 200)) (then (i32.const 1)) (else (i32.const 2))))
  (func (param i32 i32 i32) (result i32) ;; select
    (select (local.get 0) (local.get 1) (i32.eqz (local.get 2))))
  (func (param f64 f64) (result i32) ;; equality of floats needs two flags
    (f64.eq (local.get 0) (local.get 1)))
  (func (param f64 f64 i32 i32) (result i32)
    (select (local.get 2) (local.get 3) (f64.lt (local.get 0) (local.get 1)))))
;; ;; func 0, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v4, rsi=v3
;;   cmp v4, v3
;;   jl
;; b1: -> b3
;;   mov v2, 1
;;   jmp
;; b2: -> b3
;;   mov v1, 2
;;   jmp
;; b3:
;;   v0 = phi b1: v2, b2: v1
;;   ret (v0:rax)
;; ;; func 1, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v3
;;   test v3, 8
;;   jne
;; b1: -> b3
;;   mov v2, 1
;;   jmp
;; b2: -> b3
;;   mov v1, 2
;;   jmp
;; b3:
;;   v0 = phi b1: v2, b2: v1
;;   ret (v0:rax)
;; ;; func 2, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v3
;;   cmp byte [r14 + v3], -56 !2
;;   ja
;; b1: -> b3
;;   mov v2, 1
;;   jmp
;; b2: -> b3
;;   mov v1, 2
;;   jmp
;; b3:
;;   v0 = phi b1: v2, b2: v1
;;   ret (v0:rax)
;; ;; func 3, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1, rdx=v3
;;   test v3, v3
;;   move.4 v0, v2
;;   cmovne v0, v1
;;   ret (v0:rax)
;; ;; func 4, select
;; b0:
;;   params.8 -> xmm0=v2, xmm1=v1
;;   ucomisd v2, v1
;;   mov v3, 0
;;   mov v0, 1
;;   cmovfne v0, v3
;;   ret (v0:rax)
;; ;; func 5, select
;; b0:
;;   params.8 -> xmm0=v3, xmm1=v4, rdi=v1, rsi=v2
;;   ucomisd v4, v3
;;   move.4 v0, v2
;;   cmova v0, v1
;;   ret (v0:rax)
