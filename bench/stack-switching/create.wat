;; n continuations made, run and finished one after another.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (func $child (result i32) (i32.const 1))
  (elem declare func $child)
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (resume $k (cont.new $k (ref.func $child)))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
