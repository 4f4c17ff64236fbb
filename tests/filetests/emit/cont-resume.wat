;; test: emit
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
;; ;; func 0, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 20 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 81 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     28: 8b 43 f0                             mov eax, dword [rbx - 16]
;;     2b: 8b 4b f4                             mov ecx, dword [rbx - 12]
;;     2e: 8d 50 10                             lea edx, [rax + 16]
;;     31: 3b d1                                cmp edx, ecx
;;     33: 77 4e                                ja b2
;; b1:
;;     35: 89 53 f0                             mov dword [rbx - 16], edx
;;     38: c7 04 03 80 00 00 00                 mov dword [rbx + rax], 128
;; b3:
;;     3f: 49 8b 0f                             mov rcx, qword [r15]
;;     42: 48 8b 09                             mov rcx, qword [rcx]
;;     45: 48 89 4c 03 08                       mov qword [rbx + rax + 8], rcx
;;     4a: 89 41 6c                             mov dword [rcx + 108], eax
;;     4d: 49 8b 4f 30                          mov rcx, qword [r15 + 48]
;;     51: 48 8b d9                             move rbx, rcx
;;     54: 8b d0                                move edx, eax
;;     56: 8b c7                                move eax, edi
;;     58: 45 33 e4 4c 8d 2d 08 00 00 00 4d 8b  suspend (v4:rax, v0:rdx, v3:rbx) -> v2:rdi
;;     64: 5f 10 41 ff 63 18 4d 8b 77 08
;;     6e: 48 63 c7                             movsxd rax, rdi
;;     71: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v1:rax)
;;     7d: 48 83 c4 20 5d c3
;; b2: cold
;;     83: 44 8b e7                             move r12d, edi
;;     86: 4d 8b 5f 10 49 8b ff 41 ff 93 30 01  call_builtin builtin 38 -> v8:rax
;;     92: 00 00
;;     94: 41 8b fc                             move edi, r12d
;;     97: eb a6                                jmp b3
;; out of line:
;;     99: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     a5: 4d 8b 5f 10 41 ff 63 08 e9 66 ff ff
;;     b1: ff
;; ;; func 1, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 20 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 9a 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     28: 48 85 ff                             test rdi, rdi
;;     2b: 0f 84 a1 00 00 00                    trap e !12
;;     31: 44 8b e6                             move r12d, esi
;;     34: 48 8b f7                             move rsi, rdi
;;     37: 4d 8b 5f 10 49 8b ff 41 ff 93 28 01  call_builtin builtin 37 (v9:rsi) -> v7:rax
;;     43: 00 00
;; b1:
;;     50: 85 c0                                test eax, eax
;;     52: 0f 84 7f 00 00 00                    trap e !17
;;     58: 48 8b 4c 03 08                       mov rcx, qword [rbx + rax + 8]
;;     5d: 48 85 c9                             test rcx, rcx
;;     60: 0f 84 76 00 00 00                    trap e !20
;;     66: 48 c7 44 03 08 00 00 00 00           mov qword [rbx + rax + 8], 0
;;     6f: 48 8b d9                             move rbx, rcx
;;     72: 41 8b fc                             move edi, r12d
;;     75: 4c 8d 25 7c 00 00 00 4c 8d 2d 08 00  resume (v1:rdi, v5:rbx) -> v2:rax
;;     81: 00 00 4d 8b 5f 10 41 ff 63 10 4d 8b
;;     8d: 77 08
;;     8f: eb 0f                                jmp b3
;; b2:
;;     91: 4d 8b 77 08                          landed -> v4:rax, v3:rdx
;;     95: 44 8b e0                             move r12d, eax
;;     98: 8b c2                                move eax, edx
;;     9a: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     9e: eb b0                                jmp b1
;; b3:
;;     a0: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v2:rax)
;;     ac: 48 83 c4 20 5d c3
;; out of line:
;;     b2: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     be: 4d 8b 5f 10 41 ff 63 08 e9 4d ff ff
;;     ca: ff 4d 8b 5f 10 41 ff 23 e8 f4 ff ff
;;     d6: ff e8 ef ff ff ff e8 ea ff ff ff
;; tables and constants:
;;     e4: cc cc cc cc 00 00 00 00 00 00 00 00
;;     f0: 38 00 00 00 00 00 00 00 00 00 00 00
;;     fc: 00 00 00 00 30 00 00 00 91 ff ff ff
;;    108: 00 00 00 00 00 00 00 00
