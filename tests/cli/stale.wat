;; The failure that stack switching is known by: a trap of the parent after its child has suspended.
(module
  (type $ft (func)) (tag $t (type $ft)) (type $ct (cont $ft))
  (func $callee (suspend $t)) (func $returns) (elem declare func $callee $returns)
  (func $resume (param $f (ref $ft)) (local $k (ref null $ct))
    (local.set $k (cont.new $ct (local.get $f)))
    (block $h (result (ref null $ct))
      (resume $ct (on $t $h) (local.get $k)) (unreachable))
    (drop) (unreachable))
  (func (export "go") (call $resume (ref.func $callee)))
  (func (export "returns") (call $resume (ref.func $returns))))
