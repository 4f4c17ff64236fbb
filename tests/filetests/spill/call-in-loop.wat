;; test: spill
;; What a loop with a call uses: as much as calls keep stays in registers, the rest is stored once, before the loop.
(module
  (func $f (param i32) (result i32) (local.get 0))
  (func (param $a i32) (param $b i32) (param $c i32) (param $d i32) (param $n i32) (result i32) (local $s i32)
    (loop $again
      (local.set $s (i32.add (local.get $s) (call $f (i32.xor (local.get $a) (local.get $n)))))
      (local.set $s (i32.mul (local.get $s) (i32.sub (i32.add (local.get $b) (local.get $c)) (local.get $d))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (local.get $s)))
;; ;; func 0, spill
;; b0:
;;   params.8 -> rdi=v0
;;   ret (v0:rax)
;; ;; func 1, spill
;; b0: -> b1
;;   params.8 -> rdi=v12, rsi=v8, rdx=v9, rcx=v6, r8=v14
;;   spill.8 v12, slot 1
;;   spill.8 v6, slot 0
;;   mov v13, 0
;;   jmp
;; b1: loop head loop 1 depth 1 -> b2, b3
;;   v0 = phi b0: v13, b2: v2
;;   v1 = phi b0: v14, b2: v3
;;   spill.8 v1, slot 2
;;   move.4 v11, v12
;;   xor v11, v1
;;   evict.4 v12
;;   evict.4 v1
;;   call func 0 (v11:rdi) -> v10:rax
;;   move.4 v5, v0
;;   add v5, v10
;;   lea v7, [v8 + v9]
;;   move.4 v4, v7
;;   reload.4 v6, slot 0
;;   sub v4, v6
;;   move.4 v2, v5
;;   imul v2, v4
;;   reload.4 v3, slot 2
;;   add v3, -1
;;   test v3, v3
;;   jne
;; b2: loop 1 depth 1 -> b1
;;   jmp
;; b3:
;;   ret (v2:rax)
