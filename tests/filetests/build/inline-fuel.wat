;; test: build inlining fuel func=1
(module
  (func $half (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1)))
  (func (param i32) (result i32) (i32.add (call $half (local.get 0)) (call $half (call $half (local.get 0))))))
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   fuel 7
;;   fuel 4
;;   v4 = iconst.i32 1
;;   v5 = shr_u.i32 v1, v4
;;   fuel 4
;;   fuel 4
;;   v8 = iconst.i32 2
;;   v9 = shr_u.i32 v1, v8
;;   v10 = add.i32 v5, v9
;;   return (v10)
;; }
