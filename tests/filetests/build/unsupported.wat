;; test: build
(module
  (func (result v128) (v128.const i64x2 0 0))
  (func (param i32) (result i32) (i31.get_s (ref.i31 (local.get 0)))))
;; function 0: v128 is not supported yet
;; function 1: ref.i31 is not supported yet
