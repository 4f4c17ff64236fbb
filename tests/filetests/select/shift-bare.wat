;; test: select
(module
  (func (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1)))
  (func (param i64) (result i64) (i64.clz (local.get 0)))
  (func (param i32) (result i32) (i32.ctz (local.get 0))))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1
;;   move.4 v0, v2
;;   shl v0, v1
;;   ret (v0:rax)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v1
;;   mov v2, 127
;;   bsr v0, v1
;;   cmove v0, v2
;;   xor v0, 63
;;   ret (v0:rax)
;; ;; func 2, select
;; b0:
;;   params.8 -> rdi=v1
;;   mov v2, 32
;;   bsf v0, v1
;;   cmove v0, v2
;;   ret (v0:rax)
