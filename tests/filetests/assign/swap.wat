;; test: assign
;; Values that change places on the back edge of a loop do so by one exchange.
(module
  (func (param $a i32) (param $b i32) (param $n i32) (result i32) (local $t i32)
    (loop $again
      (local.set $t (local.get $a))
      (local.set $a (local.get $b))
      (local.set $b (local.get $t))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.sub (local.get $a) (local.get $b))))
;; ;; func 0, assign
;; b0: -> b1
;;   params.8 -> rdi=v5, rsi=v6, rdx=v7
;;   jmp
;; b1: loop head loop 1 depth 1 -> b2, b3
;;   v0 = phi b0: v5, b2: v1
;;   v1 = phi b0: v6, b2: v0
;;   v2 = phi b0: v7, b2: v4
;;   add edx, -1
;;   test edx, edx
;;   jne
;; b2: loop 1 depth 1 -> b1
;;   xchg.8 rdi, rsi
;;   jmp
;; b3:
;;   sub esi, edi
;;   move.4 rax, rsi
;;   ret (v3:rax)
