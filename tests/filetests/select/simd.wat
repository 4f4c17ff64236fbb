;; test: select
;; Loads of 8 bytes and less are operands; those of 16 may be unaligned and stand alone. Tests feed branches.
(module
  (memory 1)
  (func (param i32) (result v128) (v128.load8x8_u (local.get 0)))
  (func (param i32 v128) (result v128) (i32x4.add (local.get 1) (v128.load (local.get 0))))
  (func (param i32 v128) (result v128) (v128.load64_lane 1 (local.get 0) (local.get 1)))
  (func (param v128) (result v128) (i8x16.shl (local.get 0) (i32.const 3)))
  (func (param v128 v128) (result v128) (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get 0) (local.get 1)))
  (func (param v128) (result i32)
    (if (result i32) (i8x16.all_true (local.get 0)) (then (i32.const 3)) (else (i32.const 5)))))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v1
;;   pmovzxbw v0, qword [r14 + v1] !2
;;   ret (v0:xmm0)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v3, xmm0=v2
;;   movs v1, xmmword [r14 + v3] !2
;;   move.16 v0, v2
;;   paddd v0, v1
;;   ret (v0:xmm0)
;; ;; func 2, select
;; b0:
;;   params.8 -> rdi=v1, xmm0=v2
;;   move.16 v0, v2
;;   movhpd v0, qword [r14 + v1] !2
;;   ret (v0:xmm0)
;; ;; func 3, select
;; b0:
;;   params.8 -> xmm0=v1
;;   move.16 v0, v1
;;   psllw v0, 3
;;   pand v0, xmmword [pool 0]
;;   ret (v0:xmm0)
;; ;; func 4, select
;; b0:
;;   params.8 -> xmm0=v2, xmm1=v1
;;   move.16 v0, v2
;;   punpckhdq v0, v1
;;   ret (v0:xmm0)
;; ;; func 5, select
;; b0: -> b1, b2
;;   params.8 -> xmm0=v3
;;   fzero v4
;;   pcmpeqb v4, v3
;;   ptest v4, v4
;;   je
;; b1: -> b3
;;   mov v2, 3
;;   jmp
;; b2: -> b3
;;   mov v1, 5
;;   jmp
;; b3:
;;   v0 = phi b1: v2, b2: v1
;;   ret (v0:rax)
