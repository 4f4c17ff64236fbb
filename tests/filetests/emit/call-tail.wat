;; test: emit
(module
  (func $wide (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64) (local.get 9))
  (func (param i64) (result i64) ;; two words of stack arguments out of none: return address and saved rbp move
    (return_call $wide (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
      (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i64.const 5))))
;; ;; func 0, emit
;; b0:
;;      0: 55 48 8b ec                          (prologue)
;;      4: 48 8b 45 18                          mov rax, qword [rbp + 24]
;;      8: 5d c2 10 00                          ret (v0:rax)
;; ;; func 1, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 10 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 4c 00 00 00
;;     18: 48 89 3c 24                          mov qword [rsp], rdi
;;     1c: 48 c7 44 24 08 05 00 00 00           mov qword [rsp + 8], 5
;;     25: 48 8b c7                             move rax, rdi
;;     28: 4c 8b d7                             move r10, rdi
;;     2b: 4c 8b cf                             move r9, rdi
;;     2e: 4c 8b c7                             move r8, rdi
;;     31: 48 8b cf                             move rcx, rdi
;;     34: 48 8b d7                             move rdx, rdi
;;     37: 48 8b f7                             move rsi, rdi
;;     3a: f2 44 0f 10 75 08 f2 44 0f 10 6d 00  tail_call func 0 (v0:rdi, v0:rsi, v0:rdx, v0:rcx, v0:r8, v0:r9, v0:r10, v0:rax)
;;     46: 44 0f 10 3c 24 44 0f 11 7d 00 f2 44
;;     52: 0f 11 75 f8 48 8d 65 f8 66 4c 0f 7e
;;     5e: ed e9 00 00 00 00
;; out of line:
;;     64: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     70: 4d 8b 5f 10 41 ff 63 08 e9 9b ff ff
;;     7c: ff
