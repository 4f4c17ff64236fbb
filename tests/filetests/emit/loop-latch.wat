;; test: emit
(module (memory 1)
  (func (param i32) (result i32) (local i32 i32)
    (loop
      (local.set 2 (i32.add (local.get 2) (i32.load (local.get 1))))
      (local.set 1 (i32.load offset=4 (local.get 1)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 1) (local.get 2)))
      (br_if 0 (local.get 0)))
    (local.get 2)))
;; ;; func 0, emit
;; b0:
;;      0: 33 c0                                mov eax, 0
;;      2: 33 c9                                mov ecx, 0
;; b1:
;;     10: 41 03 04 0e                          add eax, dword [r14 + rcx] !2
;;     14: 41 8b 4c 0e 04                       mov ecx, dword [r14 + rcx + 4] !2
;;     19: 83 c7 ff                             add edi, -1
;;     1c: 3b c8                                cmp ecx, eax
;;     1e: 72 f0                                jb b1
;; b3:
;;     20: 85 ff                                test edi, edi
;;     22: 75 ec                                jne b1
;; b5:
;;     24: c3                                   ret (v3:rax)
