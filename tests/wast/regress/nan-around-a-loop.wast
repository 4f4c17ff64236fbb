;; options: -W nan-canonicalization=y
;; What loops carry was looked up by new numbers in tables of old ones: here the argument of $s around $outer was taken for one of
;; $a, which nobody looks at, and vanished.
(module
  (memory 1)
  (data (i32.const 0) "\01\00\00\00\00\00\f0\7f")
  (func (export "outer") (param $n i32) (result i64) (local $s f64) (local $a f64) (local $bits i64) (local $k i32)
    (local.set $a (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.load (i32.const 0)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)) (f64.const 2)))
    (local.set $k (i32.const 3))
    (loop $before
      (local.set $a (f64.add (local.get $a) (f64.const 1)))
      (br_if $before (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
    (loop $outer
      (local.set $bits (i64.add (local.get $bits) (i64.reinterpret_f64 (local.get $s))))
      (local.set $k (i32.const 3))
      (loop $inner
        (local.set $s (f64.add (local.get $s) (f64.load (i32.const 0))))
        (br_if $inner (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.add (local.get $bits) (i64.reinterpret_f64 (local.get $a)))))
(assert_return (invoke "outer" (i32.const 3)) (i64.const 9216616637413720064))
