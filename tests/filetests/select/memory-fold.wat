;; test: select
(module (memory 1)
  (func (param i32 i32) (result i32) ;; read where it is added
    (i32.add (local.get 1) (i32.load offset=8 (local.get 0))))
  (func (param i32 i32) ;; changed in memory
    (i32.store offset=4 (local.get 0) (i32.xor (i32.load offset=4 (local.get 0)) (local.get 1))))
  (func (param i32 i32) (result i32) ;; a store stands between: the load stays where it is
    (local i32)
    (local.set 2 (i32.load (local.get 0)))
    (i32.store8 (local.get 1) (i32.const 7))
    (i32.sub (local.get 1) (local.get 2)))
  (func (param i32) (drop (i64.load (local.get 0)))) ;; only its trap matters
  (func (result i64) (i64.load offset=16 (i32.const 8))))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v1, rsi=v2
;;   move.4 v0, v2
;;   add v0, dword [r14 + v1 + 8] !2
;;   ret (v0:rax)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v1, rsi=v0
;;   xor dword [r14 + v1 + 4], v0 !2
;;   ret
;; ;; func 2, select
;; b0:
;;   params.8 -> rdi=v3, rsi=v2
;;   mov v1, dword [r14 + v3] !2
;;   mov byte [r14 + v2], 7 !2
;;   move.4 v0, v2
;;   sub v0, v1
;;   ret (v0:rax)
;; ;; func 3, select
;; b0:
;;   params.8 -> rdi=v0
;;   cmp qword [r14 + v0], 0 !2
;;   ret
;; ;; func 4, select
;; b0:
;;   params.8
;;   mov v0, qword [r14 + 24] !2
;;   ret (v0:rax)
