;; test: emit
;; A suspension and a switch to the nearest handler are inline up to the jump; their stubs and the arrival in another instance are cold.
;; With values on the stack (the last function) the stub does all.
(module
  (type $f (func (param i32) (result i64)))
  (rec (type $sf (func (param (ref null $sk)))) (type $sk (cont $sf)))
  (tag $t (param i32) (result i64))
  (tag $s)
  (tag $many (param i64 i64 i64 i64 i64 i64))
  (func (param i32) (result i64) (suspend $t (local.get 0)))
  (func (param (ref $sk)) (result (ref null $sk)) (switch $sk $s (local.get 0)))
  (func (param i64)
    (suspend $many (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0))))
;; ;; func 0, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 20 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 dd 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     28: 8b 43 f0                             mov eax, dword [rbx - 16]
;;     2b: 8b 4b f4                             mov ecx, dword [rbx - 12]
;;     2e: 8d 50 10                             lea edx, [rax + 16]
;;     31: 3b d1                                cmp edx, ecx
;;     33: 0f 87 a3 00 00 00                    ja b2
;; b1:
;;     39: 89 53 f0                             mov dword [rbx - 16], edx
;;     3c: c7 04 03 80 00 00 00                 mov dword [rbx + rax], 128
;; b3:
;;     43: 49 8b 0f                             mov rcx, qword [r15]
;;     46: 4c 8b 09                             mov r9, qword [rcx]
;;     49: 4c 89 4c 03 08                       mov qword [rbx + rax + 8], r9
;;     4e: 41 89 41 6c                          mov dword [r9 + 108], eax
;;     52: 49 8b 4f 30                          mov rcx, qword [r15 + 48]
;;     56: 48 8b d9                             move rbx, rcx
;;     59: 8b d0                                move edx, eax
;;     5b: 8b c7                                move eax, edi
;;     5d: 4c 8d 2d 63 00 00 00 49 89 21 49 89  suspend (v4:rax, v0:rdx, v2:rbx, v3:r9) -> v1:rdi
;;     69: 69 08 4d 89 69 10 4d 89 79 18 4d 8b
;;     75: 51 28 4d 8b 5a 38 4d 8b 72 18 45 8b
;;     81: 63 08 4b 3b 1c 26 0f 85 81 00 00 00
;;     8d: 41 80 79 79 00 0f 84 76 00 00 00 4d
;;     99: 63 63 0c 4f 8d 5c 23 08 49 c7 41 28
;;     a5: 00 00 00 00 4d 89 49 30 4d 8b 2f 4d
;;     b1: 89 55 00 49 8b 22 49 8b 6a 08 4d 3b
;;     bd: fe 0f 85 5c 00 00 00 41 ff e3
;;     c7: 48 8b c7                             move rax, rdi
;;     ca: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v1:rax)
;;     d6: 48 83 c4 20 5d c3
;; b2: cold
;;     dc: 44 8b e7                             move r12d, edi
;;     df: 4d 8b 5f 10 49 8b ff 41 ff 93 38 01  call_builtin builtin 39 -> v7:rax
;;     eb: 00 00
;;     ed: 41 8b fc                             move edi, r12d
;;     f0: e9 4e ff ff ff                       jmp b3
;; out of line:
;;     f5: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;    101: 4d 8b 5f 10 41 ff 63 08 e9 0a ff ff
;;    10d: ff 45 33 e4 4c 8d 2d af ff ff ff 4d
;;    119: 8b 5f 10 41 ff 63 18 4d 8b fe 41 ff
;;    125: e3
;; ;; func 1, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 20 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 08 01 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     28: 48 83 7c 3b 08 00                    cmp qword [rbx + rdi + 8], 0 !17
;;     2e: 0f 84 0c 01 00 00                    trap e !20
;;     34: 8b 43 f0                             mov eax, dword [rbx - 16]
;;     37: 8b 4b f4                             mov ecx, dword [rbx - 12]
;;     3a: 8d 50 10                             lea edx, [rax + 16]
;;     3d: 3b d1                                cmp edx, ecx
;;     3f: 0f 87 c1 00 00 00                    ja b2
;; b1:
;;     45: 89 53 f0                             mov dword [rbx - 16], edx
;;     48: c7 04 03 80 00 00 00                 mov dword [rbx + rax], 128
;; b3:
;;     4f: 49 8b 0f                             mov rcx, qword [r15]
;;     52: 4c 8b 19                             mov r11, qword [rcx]
;;     55: 4c 89 5c 03 08                       mov qword [rbx + rax + 8], r11
;;     5a: 41 89 43 6c                          mov dword [r11 + 108], eax
;;     5e: 49 8b 4f 38                          mov rcx, qword [r15 + 56]
;;     62: 48 8d 54 3b 08                       lea rdx, [rbx + rdi + 8]
;;     67: 4c 8b e2                             move r12, rdx
;;     6a: 48 8b d9                             move rbx, rcx
;;     6d: 8b f8                                move edi, eax
;;     6f: 4c 8d 2d 7c 00 00 00 49 89 23 49 89  switch_to (v0:rdi, v5:rbx, v4:r12, v6:r11) -> v1:rdi
;;     7b: 6b 08 4d 89 6b 10 4d 89 7b 18 4d 8b
;;     87: 6b 28 4d 8b 75 38 45 8b 76 f8 4d 03
;;     93: 75 18 49 3b 1e 0f 85 a7 00 00 00 41
;;     9f: 80 7b 79 00 0f 84 9c 00 00 00 4d 8b
;;     ab: 34 24 4d 3b 76 30 0f 85 8e 00 00 00
;;     b7: 49 c7 04 24 00 00 00 00 49 c7 43 28
;;     c3: 00 00 00 00 4d 89 5b 30 4d 89 6e 28
;;     cf: 49 c7 46 30 00 00 00 00 4d 8b 1f 4d
;;     db: 89 33 49 8b 26 49 8b 6e 08 4d 3b 7e
;;     e7: 18 0f 85 66 00 00 00 41 ff 66 10
;;     f2: 8b c7                                move eax, edi
;;     f4: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v1:rax)
;;    100: 48 83 c4 20 5d c3
;; b2: cold
;;    106: 48 89 7d e0                          spill rdi, slot 0
;;    10a: 4d 8b 5f 10 49 8b ff 41 ff 93 38 01  call_builtin builtin 39 -> v8:rax
;;    116: 00 00
;;    118: 8b 7d e0                             reload edi, slot 0
;;    11b: e9 2f ff ff ff                       jmp b3
;; out of line:
;;    120: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;    12c: 4d 8b 5f 10 41 ff 63 08 e9 df fe ff
;;    138: ff 4d 8b 5f 10 41 ff 23 e8 f4 ff ff
;;    144: ff 4c 8d 2d a6 ff ff ff 4d 8b 77 10
;;    150: 41 ff 66 20 4d 8b 7e 18 41 ff 66 10
;; ;; func 2, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 30 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 8d 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     28: 8b 43 f0                             mov eax, dword [rbx - 16]
;;     2b: 8b 4b f4                             mov ecx, dword [rbx - 12]
;;     2e: 8d 50 10                             lea edx, [rax + 16]
;;     31: 3b d1                                cmp edx, ecx
;;     33: 77 5a                                ja b2
;; b1:
;;     35: 89 53 f0                             mov dword [rbx - 16], edx
;;     38: c7 04 03 80 00 00 00                 mov dword [rbx + rax], 128
;; b3:
;;     3f: 4d 8b 17                             mov r10, qword [r15]
;;     42: 4d 8b 0a                             mov r9, qword [r10]
;;     45: 4c 89 4c 03 08                       mov qword [rbx + rax + 8], r9
;;     4a: 41 89 41 6c                          mov dword [r9 + 108], eax
;;     4e: 4d 8b 57 40                          mov r10, qword [r15 + 64]
;;     52: 48 89 04 24                          mov qword [rsp], rax
;;     56: 49 8b da                             move rbx, r10
;;     59: 48 8b c7                             move rax, rdi
;;     5c: 4c 8b c7                             move r8, rdi
;;     5f: 48 8b f7                             move rsi, rdi
;;     62: 48 8b cf                             move rcx, rdi
;;     65: 48 8b d7                             move rdx, rdi
;;     68: 41 bc 10 00 00 00 4c 8d 2d 08 00 00  suspend (v3:rax, v3:rdx, v3:rcx, v3:rsi, v3:rdi, v3:r8, v1:rbx, v2:r9)
;;     74: 00 4d 8b 5f 10 41 ff 63 18
;;     7d: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret
;;     89: 48 83 c4 30 5d c3
;; b2: cold
;;     8f: 4c 8b e7                             move r12, rdi
;;     92: 4d 8b 5f 10 49 8b ff 41 ff 93 38 01  call_builtin builtin 39 -> v6:rax
;;     9e: 00 00
;;     a0: 49 8b fc                             move rdi, r12
;;     a3: eb 9a                                jmp b3
;; out of line:
;;     a5: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     b1: 4d 8b 5f 10 41 ff 63 08 e9 5a ff ff
;;     bd: ff
