(module
  (type $ft (func)) (tag $t (type $ft)) (type $ct (cont $ft))
  (func $callee (suspend $t)) (elem declare func $callee)
  (func (export "go") (local $k (ref null $ct))
    (local.set $k (cont.new $ct (ref.func $callee)))
    (block $h (result (ref null $ct))
      (resume $ct (on $t $h) (local.get $k)) (unreachable))
    (drop) (unreachable)))
(assert_trap (invoke "go") "unreachable")
