;; test: assign
;; What lives across a call in a try stays in registers that calls keep, on both ways; what the handler alone reads is stored.
(module
  (tag $t)
  (func (param $both i32) (param $handler i32) (result i32)
    (block $h
      (try_table (catch $t $h)
        (return (i32.add (call 0 (local.get $handler) (i32.const 3)) (local.get $both)))))
    (i32.add (local.get $both) (local.get $handler))))
;; ;; func 0, assign
;; b0: -> b1, b2
;;   params.8 -> rdi=v2, rsi=v1
;;   spill.8 rsi, slot 0
;;   mov eax, 3
;;   move.4 rbx, rdi
;;   move.4 rdi, rsi
;;   move.4 rsi, rax
;;   call func 0 (v1:rdi, v6:rsi) -> v5:rax
;;   try
;; b1:
;;   add eax, ebx
;;   ret (v4:rax)
;; b2: cold
;;   mov rcx, qword [r15]
;;   mov dword [rcx + 32], 0
;;   add ebx, dword [slot 0]
;;   move.4 rax, rbx
;;   ret (v0:rax)
