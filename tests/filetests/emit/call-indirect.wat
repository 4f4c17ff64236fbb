;; test: emit
(module
  (table 4 4 funcref)
  (func (param i32) (result i32) (i32.add (call_indirect (param i32) (result i32) (local.get 0) (local.get 0)) (local.get 0))))
;; ;; func 0, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 10 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 37 00 00 00
;;     18: 48 89 5d f8
;;     1c: 49 8b 4f 30                          mov rcx, qword [r15 + 48]
;;     20: 83 ff 04                             cmp edi, 4
;;     23: 0f 83 46 00 00 00                    trap ae !4
;;     29: 48 8b 09                             mov rcx, qword [rcx]
;;     2c: 4c 8b 1c f9                          mov r11, qword [rcx + rdi*8]
;;     30: 41 8b 4b 10                          mov ecx, dword [r11 + 16] !5
;;     34: 41 3b 4f 38                          cmp ecx, dword [r15 + 56]
;;     38: 0f 85 36 00 00 00                    trap ne !6
;;     3e: 8b df                                move ebx, edi
;;     40: 41 ff 13                             call_func (v1:rdi, v3:r11) -> v2:rax
;;     43: 03 c3                                add eax, ebx
;;     45: 48 8b 5d f8 48 83 c4 10 5d c3        ret (v0:rax)
;; out of line:
;;     4f: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     5b: 4d 8b 5f 10 41 ff 63 08 e9 b0 ff ff
;;     67: ff 4d 8b 5f 10 41 ff 23 e8 f4 ff ff
;;     73: ff e8 ef ff ff ff
