;; test: select
;; A generator and who drives it: the clause's landing brings payload and continuation, the return goes on.
(module
  (type $f (func (param i32) (result i64)))
  (type $k (cont $f))
  (tag $t (param i32) (result i32))
  (tag $u (result i64))
  (func $gen (type $f)
    (i64.extend_i32_s (suspend $t (local.get 0))))
  (func (param $g (ref $f)) (param $x i32) (result i64)
    (local $c (ref null $k))
    (local.set $c (cont.new $k (local.get $g)))
    (loop $again
      (block $h (result i32 (ref $k))
        (return (resume $k (on $t $h) (on $u switch) (local.get $x) (local.get $c))))
      (local.set $c)
      (local.set $x)
      (br $again))
    (unreachable)))
;; ;; func 0, select
;; b0: -> b2, b1
;;   params.8 -> rdi=v5
;;   mov v6, qword [r15 + 32]
;;   mov v9, dword [v6 - 16]
;;   mov v11, dword [v6 - 12]
;;   lea v10, [v9 + 16]
;;   cmp v10, v11
;;   ja
;; b1: -> b3
;;   mov dword [v6 - 16], v10
;;   mov dword [v6 + v9], 128
;;   jmp
;; b2: cold -> b3
;;   call_builtin builtin 39 -> v8:rax
;;   jmp
;; b3:
;;   v0 = phi b1: v9, b2: v8
;;   mov v7, qword [r15]
;;   mov v4, qword [v7]
;;   mov qword [v6 + v0 + 8], v4
;;   mov dword [v4 + 108], v0
;;   mov v3, qword [r15 + 48]
;;   suspend (v5:rax, v0:rdx, v3:rbx, v4:r9) -> v2:rdi
;;   movsxd v1, v2
;;   ret (v1:rax)
;; ;; func 1, select
;; b0: -> b1
;;   params.8 -> rdi=v9, rsi=v8
;;   mov v6, qword [r15 + 32]
;;   test v9, v9
;;   trap e !12
;;   call_builtin builtin 38 (v9:rsi) -> v7:rax
;;   jmp
;; b1: loop head loop 1 depth 1 -> b3, b2
;;   v0 = phi b0: v7, b2: v3
;;   v1 = phi b0: v8, b2: v4
;;   mov v5, qword [v6 + v0 + 8] !17
;;   test v5, v5
;;   trap e !20
;;   mov qword [v6 + v0 + 8], 0
;;   resume (v1:rdi, v5:rbx) -> v2:rax
;;   try
;; b2: loop 1 depth 1 -> b1
;;   landed -> v4:rax, v3:rdx
;;   jmp
;; b3:
;;   ret (v2:rax)
