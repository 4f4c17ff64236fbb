;; test: assign
;; Division wants rax and rdx, variable shifts may want rcx: what lives on keeps out of their way.
(module
  (func (param $a i32) (param $b i32) (param $c i32) (result i32)
    (i32.add
      (i32.div_u (local.get $a) (i32.or (local.get $b) (i32.const 1)))
      (i32.sub
        (i32.rem_u (local.get $c) (i32.or (local.get $a) (i32.const 1)))
        (i32.add (local.get $c) (local.get $b))))))
;; ;; func 0, assign
;; b0:
;;   params.8 -> rdi=v8, rsi=v5, rdx=v6
;;   move.4 rcx, rsi
;;   or ecx, 1
;;   test ecx, ecx
;;   trap e !7
;;   move.4 rax, rdi
;;   move.4 r8, rdx
;;   div eax, ecx
;;   or edi, 1
;;   test edi, edi
;;   trap e !7
;;   move.4 rcx, rax
;;   move.4 rax, r8
;;   remu edx, edi, eax
;;   add r8d, esi
;;   sub edx, r8d
;;   add ecx, edx
;;   move.4 rax, rcx
;;   ret (v0:rax)
