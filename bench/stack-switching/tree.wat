;; A binary tree of n levels of continuations, each made, run and finished by the one above it; all but the leaves suspend once.
(module
  (type $f (func (param i32) (result i32))) (type $k (cont $f)) (tag $t)
  (type $r (func (result i32))) (type $kr (cont $r))
  (func $node (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
    (suspend $t)
    (i32.add (i32.const 1) (i32.add (call $run (i32.sub (local.get $n) (i32.const 1))) (call $run (i32.sub (local.get $n) (i32.const 1))))))
  (func $run (export "run") (param $n i32) (result i32)
    (block $h (result (ref null $kr))
      (return (resume $k (on $t $h) (local.get $n) (cont.new $k (ref.func $node)))))
    (resume $kr))
  (elem declare func $node))
