;; test: select
(module
  (memory 1)
  (type $a (array i8))
  ;; A byte that only a branch asks for is compared in memory.
  (func (param i32) (result i32) (if (i32.load8_u (local.get 0)) (then (return (i32.const 1)))) (i32.const 2))
  (func (param i32) (param (ref $a)) (result i32)
    (if (i32.eqz (array.get_u $a (local.get 1) (local.get 0))) (then (return (i32.const 1)))) (i32.const 2)))
;; ;; func 0, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v2
;;   cmp byte [r14 + v2], 0 !2
;;   jne
;; b1:
;;   mov v1, 1
;;   ret (v1:rax)
;; b2:
;;   mov v0, 2
;;   ret (v0:rax)
;; ;; func 1, select
;; b0: -> b2, b1
;;   params.8 -> rdi=v5, rsi=v3
;;   mov v2, qword [r15 + 32]
;;   cmp v5, dword [v2 + v3 + 4]
;;   trap ae !18
;;   lea v4, [v2 + v3]
;;   cmp byte [v4 + v5 + 8], 0
;;   jne
;; b1:
;;   mov v1, 1
;;   ret (v1:rax)
;; b2:
;;   mov v0, 2
;;   ret (v0:rax)
