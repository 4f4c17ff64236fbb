;; test: emit
(module
  (table 4 4 funcref)
  (func (param i32) (result i32) (i32.add (call_indirect (param i32) (result i32) (local.get 0) (local.get 0)) (local.get 0))))
;; ;; func 0, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 10 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 45 00 00 00
;;     18: 4c 89 7d f8 48 89 5d f0
;;     20: 49 8b 4f 30                          mov rcx, qword [r15 + 48]
;;     24: 83 ff 04                             cmp edi, 4
;;     27: 0f 83 50 00 00 00                    trap ae !4
;;     2d: 48 8b 09                             mov rcx, qword [rcx]
;;     30: 4c 8b 1c f9                          mov r11, qword [rcx + rdi*8]
;;     34: 41 8b 4b 10                          mov ecx, dword [r11 + 16] !5
;;     38: 41 3b 4f 38                          cmp ecx, dword [r15 + 56]
;;     3c: 0f 85 40 00 00 00                    trap ne !6
;;     42: 8b df                                move ebx, edi
;;     44: 4d 3b 7b 08 0f 85 39 00 00 00 41 ff  call_func (v1:rdi, v3:r11) -> v2:rax
;;     50: 13
;;     51: 03 c3                                add eax, ebx
;;     53: 48 8b 5d f0 48 83 c4 10 5d c3        ret (v0:rax)
;; out of line:
;;     5d: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     69: 4d 8b 5f 10 41 ff 63 08 e9 a2 ff ff
;;     75: ff 4d 8b 5f 10 41 ff 23 e8 f4 ff ff
;;     81: ff e8 ef ff ff ff 4d 8b 7b 08 4d 8b
;;     8d: 77 08 41 ff 13 4c 8b 7d f8 4d 8b 77
;;     99: 08 e9 b2 ff ff ff
