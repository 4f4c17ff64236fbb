;; A signed comparison with 1 of what truncation yields: the guard of the truncation compares with 1, too, but where it looks
;; again at the smallest integer, which is in range, its flags are gone.
(module
  (func (export "i32_f32") (param f32) (result i32) (i32.gt_s (i32.trunc_f32_s (local.get 0)) (i32.const 1)))
  (func (export "i32_f64") (param f64) (result i32) (i32.lt_s (i32.trunc_f64_s (local.get 0)) (i32.const 1)))
  (func (export "i64_f32") (param f32) (result i32) (i64.gt_s (i64.trunc_f32_s (local.get 0)) (i64.const 1)))
  (func (export "i64_f64") (param f64) (result i32) (i64.eq (i64.trunc_f64_s (local.get 0)) (i64.const 1))))

(assert_return (invoke "i32_f32" (f32.const -0x1p31)) (i32.const 0))
(assert_return (invoke "i32_f64" (f64.const -0x1p31)) (i32.const 1))
(assert_return (invoke "i64_f32" (f32.const -0x1p63)) (i32.const 0))
(assert_return (invoke "i64_f64" (f64.const -0x1p63)) (i32.const 0))
(assert_return (invoke "i64_f32" (f32.const 2)) (i32.const 1))
