;; test: select
(module
  (func (param i32 i32) (result i32) ;; both operands live on: lea
    (i32.mul (i32.add (local.get 0) (local.get 1)) (i32.mul (local.get 0) (local.get 1))))
  (func (param i32 i32) (result i32) (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2))))
  (func (param i64) (result i64) (i64.and (local.get 0) (i64.const 0x123456789a)))
  (func (param i64 i64) (result i32) ;; only the low half is looked at
    (i32.sub (i32.wrap_i64 (local.get 0)) (i32.wrap_i64 (local.get 1))))
  (func (param i32) (result i64) (i64.add (i64.extend_i32_u (local.get 0)) (i64.const 1))))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v4, rsi=v3
;;   lea v2, [v4 + v3]
;;   move.4 v1, v4
;;   imul v1, v3
;;   move.4 v0, v2
;;   imul v0, v1
;;   ret (v0:rax)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v1, rsi=v2
;;   lea v0, [v1 + v2*4]
;;   ret (v0:rax)
;; ;; func 2, select
;; b0:
;;   params.8 -> rdi=v2
;;   mov v1, 78187493530
;;   move.8 v0, v2
;;   and v0, v1
;;   ret (v0:rax)
;; ;; func 3, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1
;;   move.4 v0, v2
;;   sub v0, v1
;;   ret (v0:rax)
;; ;; func 4, select
;; b0:
;;   params.8 -> rdi=v1
;;   move.8 v0, v1
;;   add v0, 1
;;   ret (v0:rax)
