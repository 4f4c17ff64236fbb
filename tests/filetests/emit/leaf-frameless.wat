;; test: emit
(module (memory 1)
  (func (param i32) (result i32) (i32.div_u (i32.load (local.get 0)) (local.get 0))))
;; ;; func 0, emit
;; b0:
;;      0: 41 8b 04 3e                          mov eax, dword [r14 + rdi] !2
;;      4: 85 ff                                test edi, edi
;;      6: 0f 84 0c 00 00 00                    trap e !7
;;      c: 33 d2 f7 f7                          div eax, edi
;;     10: c3                                   ret (v0:rax)
;; out of line:
;;     11: 4d 8b 5f 10 41 ff 23 e8 f4 ff ff ff
