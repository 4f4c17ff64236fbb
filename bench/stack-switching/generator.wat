;; A generator of numbers, called by a function of its own for each, and a loop that adds n of them.
(module
  (type $f (func)) (type $k (cont $f)) (tag $yield (param i64))
  (func $emit (param i64) (suspend $yield (local.get 0)))
  (func $child (local $i i64)
    (loop $l (call $emit (local.get $i)) (local.set $i (i64.add (local.get $i) (i64.const 1))) (br $l)))
  (elem declare func $child)
  (func (export "run") (param $n i32) (result i64) (local $k (ref null $k)) (local $sum i64)
    (local.set $k (cont.new $k (ref.func $child)))
    (loop $l
      (block $h (result i64 (ref null $k)) (resume $k (on $yield $h) (local.get $k)) (unreachable))
      (local.set $k)
      (local.set $sum (i64.add (local.get $sum)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
