;; test: select
(module (memory 1)
  (func (param i32 i32) (result i32) ;; two bytes in memory: one of them stays there
    (if (result i32) (i32.eq (i32.load8_u (local.get 0)) (i32.load8_u offset=1 (local.get 1))) (then (i32.const 1)) (else (i32.const 2))))
  (func (param i32 i32) (result i32) ;; a sign-extended byte is another matter
    (if (result i32) (i32.lt_s (i32.load8_s (local.get 0)) (i32.const 7)) (then (i32.const 1)) (else (i32.const 2))))
  (func (param i32 i32) (result i32) ;; signed comparison of what is never negative
    (if (result i32) (i32.ge_s (i32.and (local.get 1) (i32.const 127)) (i32.load8_u (local.get 0))) (then (i32.const 1)) (else (i32.const 2)))))
;; ;; func 0, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v5, rsi=v4
;;   movzx8 v3, byte [r14 + v5] !2
;;   cmp byte [r14 + v4 + 1], v3 !2
;;   je
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
;;   params.8 -> rdi=v4
;;   movsx8 v3, byte [r14 + v4] !2
;;   cmp v3, 7
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
;; ;; func 2, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v4, rsi=v5
;;   move.4 v3, v5
;;   and v3, 127
;;   cmp byte [r14 + v4], v3 !2
;;   jbe
;; b1: -> b3
;;   mov v2, 1
;;   jmp
;; b2: -> b3
;;   mov v1, 2
;;   jmp
;; b3:
;;   v0 = phi b1: v2, b2: v1
;;   ret (v0:rax)
