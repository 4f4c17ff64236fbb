;; test: emit
(module
  (func (param i32) (result i32)
    (block (block (block (br_table 0 1 0 2 (local.get 0))) (return (i32.const 10))) (return (i32.const 11)))
    (i32.const 12)))
;; ;; func 0, emit
;; b0:
;;      0: 83 ff 03                             cmp edi, 3
;;      3: b8 03 00 00 00                       mov eax, 3
;;      8: 0f 42 c7                             cmovb eax, edi
;;      b: 48 8d 0d 1e 00 00 00 48 63 04 81 48  switch rax, rcx
;;     17: 03 c1 ff e0
;; b1:
;;     1b: b8 0a 00 00 00                       mov eax, 10
;;     20: c3                                   ret (v2:rax)
;; b2:
;;     21: b8 0b 00 00 00                       mov eax, 11
;;     26: c3                                   ret (v1:rax)
;; b3:
;;     27: b8 0c 00 00 00                       mov eax, 12
;;     2c: c3                                   ret (v0:rax)
;; tables:
;;     30: eb ff ff ff f1 ff ff ff eb ff ff ff
;;     3c: f7 ff ff ff
