;; test: select
(module
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 7))))
;; ;; func 0, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1
;;   test v1, v1
;;   trap e !7
;;   div_guard v2, v1 !8
;;   move.4 v0, v2
;;   idiv v0, v1
;;   ret (v0:rax)
;; ;; func 1, select
;; b0:
;;   params.8 -> rdi=v2, rsi=v1
;;   test v1, v1
;;   trap e !7
;;   remu v0, v1, v2
;;   ret (v0:rax)
;; ;; func 2, select
;; b0:
;;   params.8 -> rdi=v2
;;   mov v3, 2635249153387078803
;;   mul v1, v3, v2
;;   mov v0, v1
;;   ret (v0:rax)
