;; test: select
(module
  (rec
    (type $a (sub (descriptor $ad) (struct (field i64))))
    (type $ad (sub (describes $a) (struct (field i32)))))
  ;; the descriptor is read where it is used; null faults
  (func (param (ref null $a)) (result (ref $ad)) (ref.get_desc $a (local.get 0)))
  ;; the object's descriptor is compared in memory
  (func (param (ref $a) (ref $ad)) (result i64)
    (struct.get $a 0 (ref.cast_desc_eq (ref $a) (local.get 0) (local.get 1))))
  (func (param (ref null $a) (ref null $ad)) (result i32)
    (block $no (result (ref null $a))
      (br_on_cast_desc_eq_fail $no (ref null $a) (ref $a) (local.get 0) (local.get 1))
      (return (i32.wrap_i64 (struct.get $a 0))))
    (ref.is_null))
  ;; a new object's descriptor needs no barrier
  (func (param (ref null (exact $ad))) (result (ref $a)) (struct.new_desc $a (i64.const 1) (local.get 0)))
  ;; a type that is not final
  (func (param (ref $a)) (result i32) (ref.test (ref (exact $a)) (local.get 0))))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v2
;;   mov v1, qword [r15 + 32]
;;   mov v0, dword [v1 + v2 + 4] !11
;;   ret (v0:rax)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v3
;;   mov v1, qword [r15 + 32]
;;   cmp v3, dword [v1 + v2 + 4]
;;   trap ne !30
;;   mov v0, qword [v1 + v2 + 8]
;;   ret (v0:rax)
;; ;; func 2, select
;; b0: -> b1, b2
;;   params.8 -> rdi=v4, rsi=v5
;;   mov v3, qword [r15 + 32]
;;   test v5, v5
;;   trap e !29
;;   test v4, v4
;;   sete v0
;;   je
;; b1: -> b5
;;   jmp
;; b2: -> b4, b3
;;   cmp v5, dword [v3 + v4 + 4]
;;   je
;; b3: -> b5
;;   jmp
;; b4:
;;   mov v2, qword [v3 + v4 + 8]
;;   mov v1, v2
;;   ret (v1:rax)
;; b5:
;;   ret (v0:rax)
;; ;; func 3, select
;; b0: -> b2, b1
;;   params.8 -> rdi=v2
;;   mov v1, qword [r15 + 32]
;;   test v2, v2
;;   trap e !29
;;   mov v5, dword [v1 - 16]
;;   mov v8, dword [v1 - 12]
;;   lea v7, [v5 + 16]
;;   cmp v7, v8
;;   ja
;; b1: -> b3
;;   mov dword [v1 - 16], v7
;;   mov v6, dword [r15 + 76]
;;   mov dword [v1 + v5], v6
;;   jmp
;; b2: cold -> b3
;;   mov v4, 0
;;   call_builtin builtin 26 (v4:rsi) -> v3:rax
;;   jmp
;; b3:
;;   v0 = phi b1: v5, b2: v3
;;   mov dword [v1 + v0 + 4], v2
;;   mov qword [v1 + v0 + 8], 1
;;   ret (v0:rax)
;; ;; func 4, select
;; b0:
;;   params.8 -> rdi=v3
;;   mov v2, qword [r15 + 32]
;;   mov v1, dword [v2 + v3]
;;   cmp v1, dword [r15 + 76]
;;   sete v0
;;   ret (v0:rax)
