;; n rounds of a million continuations that suspend and are never resumed: each is referred to by an object that is in use on its own
;; stack, and by nothing else in the end.
(module
  (type $f (func)) (type $k (cont $f))
  (type $cell (struct (field (mut (ref null $k)))))
  (tag $t (param (ref $cell)))
  (func $child (local $c (ref $cell))
    (local.set $c (struct.new_default $cell))
    (suspend $t (local.get $c))
    (if (ref.is_null (struct.get $cell 0 (local.get $c))) (then (unreachable))))
  (elem declare func $child)
  (func $one (local $k (ref null $k))
    (block $h (result (ref $cell) (ref null $k)) (resume $k (on $t $h) (cont.new $k (ref.func $child))) (unreachable))
    (local.set $k)
    (struct.set $cell 0 (local.get $k)))
  (func (export "run") (param $n i32) (result i32) (local $i i32)
    (loop $rounds
      (local.set $i (i32.const 1000000))
      (loop $l (call $one) (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br_if $rounds (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n)))
