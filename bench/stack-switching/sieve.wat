;; The n-th prime by a chain of filters, each a continuation that resumes the one before it.
(module
  (type $f (func)) (type $k (cont $f)) (tag $yield (param i32))
  (type $ff (func (param i32 (ref null $k)))) (type $kf (cont $ff))
  (func $numbers (local $i i32)
    (local.set $i (i32.const 2))
    (loop $l (suspend $yield (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l)))
  (func $filter (param $p i32) (param $k (ref null $k)) (local $x i32)
    (loop $l
      (block $h (result i32 (ref null $k)) (resume $k (on $yield $h) (local.get $k)) (unreachable))
      (local.set $k) (local.set $x)
      (if (i32.rem_u (local.get $x) (local.get $p)) (then (suspend $yield (local.get $x))))
      (br $l)))
  (elem declare func $numbers $filter)
  (func (export "run") (param $n i32) (result i32) (local $k (ref null $k)) (local $p i32)
    (local.set $k (cont.new $k (ref.func $numbers)))
    (loop $l
      (block $h (result i32 (ref null $k)) (resume $k (on $yield $h) (local.get $k)) (unreachable))
      (local.set $k) (local.set $p)
      (local.set $k (cont.bind $kf $k (local.get $p) (local.get $k) (cont.new $kf (ref.func $filter))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $p)))
