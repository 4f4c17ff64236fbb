;; Heaps of 1 GiB for bench/gc/pauses: trees of 255 nodes of 16 bytes hang on one array.
(module
  (type $node (struct (field (ref null $node)) (field (ref null $node)) (field i32)))
  (type $roots (array (mut (ref null $node))))
  (global $old (mut (ref null $roots)) (ref.null $roots))
  (global $seed (mut i32) (i32.const 1))

  (func $tree (param $depth i32) (result (ref $node))
    (if (i32.eqz (local.get $depth))
      (then (return (struct.new $node (ref.null $node) (ref.null $node) (i32.const 1)))))
    (struct.new $node
      (call $tree (i32.sub (local.get $depth) (i32.const 1)))
      (call $tree (i32.sub (local.get $depth) (i32.const 1)))
      (local.get $depth)))
  (func $count (param $at (ref null $node)) (result i32)
    (if (ref.is_null (local.get $at)) (then (return (i32.const 0))))
    (i32.add (i32.const 1)
      (i32.add (call $count (struct.get $node 0 (local.get $at))) (call $count (struct.get $node 1 (local.get $at))))))
  (func $random (param $n i32) (result i32)
    (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
    (i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (local.get $n)))

  (func $build (param $trees i32)
    (local $i i32)
    (global.set $old (array.new_default $roots (local.get $trees)))
    (loop $next
      (array.set $roots (global.get $old) (local.get $i) (call $tree (i32.const 7)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $trees)))))
  ;; All but one tree of 16 become garbage.
  (func $drop
    (local $i i32)
    (loop $next
      (if (i32.and (local.get $i) (i32.const 15))
        (then (array.set $roots (global.get $old) (local.get $i) (ref.null $node))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (global.get $old))))))
  ;; Trees that die young; one in 16 replaces an old one.
  (func $churn (param $rounds i32)
    (local $i i32) (local $made (ref null $node))
    (loop $next
      (local.set $made (call $tree (i32.const 7)))
      (if (i32.eqz (i32.and (local.get $i) (i32.const 15)))
        (then (array.set $roots (global.get $old) (call $random (array.len (global.get $old))) (local.get $made))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $rounds)))))
  ;; The same below `depth` frames that each keep three references.
  (func $deep (param $depth i32) (param $rounds i32) (param $a (ref null $node)) (param $b (ref null $node)) (result i32)
    (local $c (ref null $node)) (local $n i32)
    (local.set $c (struct.new $node (local.get $b) (local.get $a) (local.get $depth)))
    (if (local.get $depth)
      (then (local.set $n (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $rounds) (local.get $c) (local.get $a))))
      (else (call $churn (local.get $rounds))))
    (i32.add (local.get $n)
      (i32.add (struct.get $node 2 (local.get $c))
        (i32.add (ref.is_null (local.get $a)) (ref.is_null (local.get $b))))))

  (func (export "live") (param $trees i32) (param $rounds i32) (result i32)
    (call $build (local.get $trees))
    (call $churn (local.get $rounds))
    (call $count (array.get $roots (global.get $old) (i32.const 5))))
  (func (export "garbage") (param $trees i32) (param $rounds i32) (result i32)
    (call $build (local.get $trees))
    (call $drop)
    (call $churn (local.get $rounds))
    (call $count (array.get $roots (global.get $old) (i32.const 0))))
  (func (export "deep") (param $trees i32) (param $rounds i32) (param $depth i32) (result i32)
    (call $build (local.get $trees))
    (call $deep (local.get $depth) (local.get $rounds) (ref.null $node) (ref.null $node))))
