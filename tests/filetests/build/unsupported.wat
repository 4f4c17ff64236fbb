;; test: build
(module
  (func (result v128) (v128.const i64x2 0 0)))
;; function 0: v128 is not supported yet
