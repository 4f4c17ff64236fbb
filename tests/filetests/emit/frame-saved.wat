;; test: emit func=1
(module
  (func $id (param i32 i64 f64) (result i32 i64 f64) (local.get 0) (local.get 1) (local.get 2))
  (func (param i32 i64 f64) (result f64) ;; values that live across a call: callee-saved or slots
    (local i32 i64)
    (local.set 3 (i32.mul (local.get 0) (i32.const 77)))
    (call $id (local.get 0) (local.get 1) (local.get 2))
    (drop) (local.set 4) (drop)
    (f64.add (local.get 2) (f64.convert_i64_s (i64.add (local.get 4) (i64.extend_i32_s (local.get 3)))))))
;; ;; func 1, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 10 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 32 00 00 00
;;     18: 48 89 5d f8
;;     1c: f2 0f 11 45 f0                       spill xmm0, slot 0
;;     21: 6b df 4d                             imul ebx, edi, 77
;;     24: e8 00 00 00 00                       call func 0 (v7:rdi, v8:rsi, v2:xmm0) -> v5:rdx
;;     29: 48 63 c3                             movsxd rax, rbx
;;     2c: 48 03 d0                             add rdx, rax
;;     2f: 0f 57 c9 f2 48 0f 2a ca              cvtsi2sqd xmm1, rdx
;;     37: f2 0f 10 45 f0                       reload xmm0, slot 0
;;     3c: f2 0f 58 c1                          addsd xmm0, xmm1
;;     40: 48 8b 5d f8 48 83 c4 10 5d c3        ret (v0:xmm0)
;; out of line:
;;     4a: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     56: 4d 8b 5f 10 41 ff 63 08 e9 b5 ff ff
;;     62: ff
