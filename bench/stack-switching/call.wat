;; n calls through a table of a function that does next to nothing: what all else is compared with.
(module
  (type $f (func (param i32) (result i32)))
  (table funcref (elem $a $b))
  (func $a (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $b (param i32) (result i32) (i32.add (local.get 0) (i32.const 2)))
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (call_indirect (type $f) (local.get $sum) (i32.and (local.get $n) (i32.const 1))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
