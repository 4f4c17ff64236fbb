;; test: select
(module (memory 1)
  (func (param i32) ;; the counter is compared after the addition, so that old and new value share a register
    (local i32 i32)
    (loop
      (i32.store8 (local.get 1) (i32.const 1))
      (local.set 2 (local.get 1))
      (local.set 1 (i32.add (local.get 1) (i32.const 4)))
      (br_if 0 (i32.ne (local.get 2) (i32.const 96))))))
;; ;; func 0, select
;; b0: -> b1
;;   params.8
;;   mov v2, 0
;;   jmp
;; b1: loop head loop 1 depth 1 -> b2, b3
;;   v0 = phi b0: v2, b2: v1
;;   mov byte [r14 + v0], 1 !2
;;   move.4 v1, v0
;;   add v1, 4
;;   cmp v1, 100
;;   jne
;; b2: loop 1 depth 1 -> b1
;;   jmp
;; b3:
;;   ret
