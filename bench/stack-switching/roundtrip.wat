;; n suspensions to the nearest handler and as many resumes.
(module
  (type $f (func)) (type $k (cont $f)) (tag $t)
  (func $child (loop $l (suspend $t) (br $l)))
  (elem declare func $child)
  (func (export "run") (param $n i32) (result i32) (local $k (ref null $k))
    (local.set $k (cont.new $k (ref.func $child)))
    (loop $l
      (block $h (result (ref null $k)) (resume $k (on $t $h) (local.get $k)) (unreachable))
      (local.set $k)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n)))
