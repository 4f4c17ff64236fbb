;; A local that is set before a try_table and again inside it: a branch out of the body that comes before the second set
;; brings the first value, whatever the handler makes of the local.
(module
  (tag $e)
  (func $maybe (param i32) (if (local.get 0) (then (throw $e))))
  (func (export "f") (param $leave i32) (param $throw i32) (result i32)
    (local $x i32)
    (block $caught
      (local.set $x (i32.const 1))
      (try_table $t (catch_all $caught)
        (br_if $t (local.get $leave))
        (call $maybe (i32.eq (local.get $throw) (i32.const 1)))
        (local.set $x (i32.const 2))
        (call $maybe (i32.eq (local.get $throw) (i32.const 2))))
      (return (local.get $x)))
    (i32.add (local.get $x) (i32.const 10))))

(assert_return (invoke "f" (i32.const 1) (i32.const 0)) (i32.const 1))
(assert_return (invoke "f" (i32.const 0) (i32.const 0)) (i32.const 2))
(assert_return (invoke "f" (i32.const 0) (i32.const 1)) (i32.const 11))
(assert_return (invoke "f" (i32.const 0) (i32.const 2)) (i32.const 12))
