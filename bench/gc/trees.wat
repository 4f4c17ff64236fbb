;; Binary trees: allocate, walk, drop.
(module
  (type $node (struct (field $left (ref null $node)) (field $right (ref null $node))))
  (func $make (param $depth i32) (result (ref $node))
    (if (result (ref $node)) (i32.eqz (local.get $depth))
      (then (struct.new $node (ref.null $node) (ref.null $node)))
      (else (struct.new $node
        (call $make (i32.sub (local.get $depth) (i32.const 1)))
        (call $make (i32.sub (local.get $depth) (i32.const 1)))))))
  (func $count (param $n (ref $node)) (result i32)
    (local $left (ref null $node))
    (local.set $left (struct.get $node $left (local.get $n)))
    (if (result i32) (ref.is_null (local.get $left))
      (then (i32.const 1))
      (else (i32.add (i32.const 1) (i32.add
        (call $count (ref.as_non_null (local.get $left)))
        (call $count (ref.as_non_null (struct.get $node $right (local.get $n)))))))))
  (func (export "run") (param $repeats i32) (result i32)
    (local $sum i32) (local $long (ref null $node))
    (local.set $long (call $make (i32.const 16)))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $count (call $make (i32.const 16)))))
      (local.set $repeats (i32.sub (local.get $repeats) (i32.const 1)))
      (br_if $again (local.get $repeats)))
    (i32.add (local.get $sum) (call $count (ref.as_non_null (local.get $long))))))
