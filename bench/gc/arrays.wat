;; Arrays of numbers and of references: sieve, sums, short-lived copies.
(module
  (type $bytes (array (mut i8)))
  (type $longs (array (mut i64)))
  (func $sieve (param $n i32) (result i32)
    (local $a (ref $bytes)) (local $i i32) (local $j i32) (local $count i32)
    (local.set $a (array.new_default $bytes (local.get $n)))
    (local.set $i (i32.const 2))
    (loop $outer
      (if (i32.eqz (array.get_u $bytes (local.get $a) (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.add (local.get $i) (local.get $i)))
          (block $done (loop $inner
            (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
            (array.set $bytes (local.get $a) (local.get $j) (i32.const 1))
            (local.set $j (i32.add (local.get $j) (local.get $i)))
            (br $inner)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $outer (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $count))
  (func $sums (param $n i32) (result i32)
    (local $a (ref $longs)) (local $b (ref $longs)) (local $i i32) (local $sum i64)
    (local.set $a (array.new $longs (i64.const 3) (local.get $n)))
    (local.set $b (array.new_default $longs (local.get $n)))
    (array.copy $longs $longs (local.get $b) (i32.const 0) (local.get $a) (i32.const 0) (local.get $n))
    (loop $each
      (local.set $sum (i64.add (local.get $sum) (array.get $longs (local.get $b) (local.get $i))))
      (array.set $longs (local.get $a) (local.get $i) (local.get $sum))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (array.len (local.get $a)))))
    (i32.wrap_i64 (local.get $sum)))
  (func (export "run") (param $repeats i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (i32.add (call $sieve (i32.const 100000)) (call $sums (i32.const 20000)))))
      (local.set $repeats (i32.sub (local.get $repeats) (i32.const 1)))
      (br_if $again (local.get $repeats)))
    (local.get $sum)))
