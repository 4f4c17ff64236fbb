;; test: build
(module
  (global $c i64 (i64.const -5))
  (global $d f32 (f32.const 1.5))
  (global $e i32 (i32.add (i32.const 1) (i32.const 2)))
  (func (result i64 f32 i32) (global.get $c) (global.get $d) (global.get $e)))
;; fn 0 () -> (i64, f32, i32) {
;; b0:
;;   v1 = iconst.i64 -5
;;   v2 = fconst.f32 0x3fc00000
;;   v3 = vmctx.ptr
;;   v4 = load.i32 v3 +96 immutable
;;   return (v1, v2, v4)
;; }
