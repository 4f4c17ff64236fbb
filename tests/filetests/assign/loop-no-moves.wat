;; test: assign
;; The variables of a counting loop stay where they are: its back edge needs no move.
(module (memory 1)
  (func (param $p i32) (param $n i32) (result i32) (local $s i32)
    (loop $again
      (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s)))
;; ;; func 0, assign
;; b0: -> b1
;;   params.8 -> rdi=v7, rsi=v8
;;   mov eax, 0
;;   jmp
;; b1: loop head loop 1 depth 1 -> b2, b3
;;   v0 = phi b0: v6, b2: v3
;;   v1 = phi b0: v7, b2: v4
;;   v2 = phi b0: v8, b2: v5
;;   add eax, dword [r14 + rdi] !2
;;   add edi, 4
;;   add esi, -1
;;   test esi, esi
;;   jne
;; b2: loop 1 depth 1 -> b1
;;   jmp
;; b3:
;;   ret (v3:rax)
