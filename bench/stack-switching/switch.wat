;; Two continuations that switch to each other, n times in all.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (type $f0 (func)) (type $k0 (cont $f0)) (tag $s)
  (global $n (mut i32) (i32.const 0))
  (func $b (type $f) (local $k (ref null $k)) (local.set $k (local.get 0)) (loop $l (local.set $k (switch $k $s (local.get $k))) (br $l)))
  (func $a (local $k (ref null $k))
    (local.set $k (cont.new $k (ref.func $b)))
    (loop $l
      (local.set $k (switch $k $s (local.get $k)))
      (global.set $n (i32.sub (global.get $n) (i32.const 2)))
      (br_if $l (i32.gt_s (global.get $n) (i32.const 0)))))
  (elem declare func $a $b)
  (func (export "run") (param $n i32) (result i32)
    (global.set $n (local.get $n))
    (resume $k0 (on $s switch) (cont.new $k0 (ref.func $a)))
    (global.get $n)))
