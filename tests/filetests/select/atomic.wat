;; test: select
(module
  (memory $m 1 1 shared)
  (memory $n i64 1)
  (func (param i32) (result i32) (i32.atomic.load (local.get 0))) ;; a plain load
  (func (param i32 i32) (i32.atomic.store16 (local.get 0) (local.get 1))) ;; an exchange
  (func (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
  (func (param i32 i32) (drop (i32.atomic.rmw.add (local.get 0) (local.get 1)))) ;; nobody wants the old value
  (func (param i32) (drop (i32.atomic.rmw8.sub_u (local.get 0) (i32.const 1))))
  (func (param i32) (result i32) (i32.atomic.rmw8.sub_u (local.get 0) (i32.const 1)))
  (func (param i32 i64) (result i64) (i64.atomic.rmw.or (local.get 0) (local.get 1))) ;; a loop inside
  (func (param i32 i64) (result i64) (i64.atomic.rmw16.cmpxchg_u (local.get 0) (i64.const 1) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.atomic.rmw32.cmpxchg_u $n (local.get 0) (local.get 1) (i64.const 7)))
  (func (atomic.fence)))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v1
;;   test v1, 3
;;   trap ne !21
;;   mov v0, dword [r14 + v1] !2
;;   ret (v0:rax)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v0, rsi=v2
;;   test v0, 1
;;   trap ne !21
;;   move.4 v1, v2
;;   xchg v1, word [r14 + v0] !2
;;   ret
;; ;; func 2, select
;; b0:
;;   params.8 -> rdi=v1, rsi=v3
;;   test v1, 3
;;   trap ne !21
;;   move.4 v2, v3
;;   lock xadd v2, dword [r14 + v1] !2
;;   move.4 v0, v2
;;   ret (v0:rax)
;; ;; func 3, select
;; b0:
;;   params.8 -> rdi=v1, rsi=v0
;;   test v1, 3
;;   trap ne !21
;;   lock add dword [r14 + v1], v0 !2
;;   ret
;; ;; func 4, select
;; b0:
;;   params.8 -> rdi=v0
;;   lock sub byte [r14 + v0], 1 !2
;;   ret
;; ;; func 5, select
;; b0:
;;   params.8 -> rdi=v1
;;   mov v2, 1
;;   neg v2
;;   lock xadd v2, byte [r14 + v1] !2
;;   movzx8 v0, v2
;;   ret (v0:rax)
;; ;; func 6, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1
;;   test v2, 7
;;   trap ne !21
;;   lock_rmw or v0, v1, qword [r14 + v2] !2
;;   ret (v0:rax)
;; ;; func 7, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1
;;   test v2, 1
;;   trap ne !21
;;   mov v3, 1
;;   move.8 v4, v3
;;   lock cmpxchg word [r14 + v2], v4, v1 !2
;;   movzx16 v0, v4
;;   ret (v0:rax)
;; ;; func 8, select
;; b0:
;;   params.8 -> rdi=v3, rsi=v4
;;   test v3, 3
;;   trap ne !21
;;   mov v6, qword [r15 + 56]
;;   mov v8, qword [v6 + 8]
;;   move.8 v7, v8
;;   add v7, -4
;;   cmp v3, v7
;;   trap a !2
;;   mov v2, qword [v6]
;;   mov v1, 7
;;   move.8 v5, v4
;;   lock cmpxchg dword [v2 + v3], v5, v1 !2
;;   mov v0, v5
;;   ret (v0:rax)
;; ;; func 9, select
;; b0:
;;   params.8
;;   mfence
;;   ret
