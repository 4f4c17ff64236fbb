;; test: emit
(module (memory 1)
  (func (param i32) (result i32) (local i32)
    (block $out
      (loop $l
        (br_if $out (i32.ge_u (local.get 1) (local.get 0)))
        (if (i32.and (local.get 1) (i32.const 1)) (then (i32.store (local.get 1) (i32.const 3))))
        (local.set 1 (i32.add (local.get 1) (i32.const 4)))
        (br $l)))
    (local.get 1)))
;; ;; func 0, emit
;; b0:
;;      0: 33 c0                                mov eax, 0
;;      2: eb 1f                                jmp b1
;; b2:
;;     10: f7 c0 01 00 00 00                    test eax, 1
;;     16: 74 08                                je b5
;; b4:
;;     18: 41 c7 04 06 03 00 00 00              mov dword [r14 + rax], 3 !2
;; b5:
;;     20: 8d 40 04                             lea eax, [rax + 4]
;; b1:
;;     23: 3b c7                                cmp eax, edi
;;     25: 72 e9                                jb b2
;; b6:
;;     27: c3                                   ret (v0:rax)
