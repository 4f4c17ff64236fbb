;; test: build
(module
  (import "m" "a" (global $a (mut i32)))
  (import "m" "b" (global $b i64))
  (global $c (mut f64) (f64.const 0))
  (func (result f64)
    (global.set $a (i32.add (global.get $a) (global.get $a)))
    (global.set $c (f64.add (global.get $c) (f64.convert_i64_s (global.get $b))))
    (global.get $c)))
;; fn 0 () -> (f64) {
;; b0:
;;   v1 = vmctx.ptr
;;   v2 = load.ptr v1 +48 immutable
;;   v3 = load.i32 v2 +0 global
;;   v4 = add.i32 v3, v3
;;   store.i32 v2 +0, v4 global
;;   v6 = load.f64 v1 +80 global
;;   v7 = load.ptr v1 +56 immutable
;;   v8 = load.i64 v7 +0 immutable
;;   v9 = convert_s.f64 v8
;;   v10 = fadd.f64 v6, v9
;;   store.f64 v1 +80, v10 global
;;   return (v10)
;; }
