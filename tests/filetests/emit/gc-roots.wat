;; test: emit
(module
  (type $p (struct (field i32)))
  (func $f (param (ref null $p)))
  (func (param (ref null $p)) (param i32) (result i32)
    (call $f (local.get 0))
    (i32.add (struct.get $p 0 (local.get 0)) (local.get 1))))
;; ;; func 0, emit
;; b0:
;;      0: c3                                   ret
;; ;; func 1, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 20 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 31 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0
;;     20: 48 89 7d e8                          spill rdi, slot 0
;;     24: 49 8b 5f 20                          mov rbx, qword [r15 + 32]
;;     28: 44 8b e6                             move r12d, esi
;;     2b: e8 00 00 00 00                       call func 0 (v2:rdi)
;;     30: 8b 7d e8                             reload edi, slot 0
;;     33: 44 03 64 3b 04                       add r12d, dword [rbx + rdi + 4] !13
;;     38: 41 8b c4                             move eax, r12d
;;     3b: 48 8b 5d f8 4c 8b 65 f0 48 83 c4 20  ret (v0:rax)
;;     47: 5d c3
;; out of line:
;;     49: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     55: 4d 8b 5f 10 41 ff 63 08 e9 b6 ff ff
;;     61: ff
