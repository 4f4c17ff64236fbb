;; n suspensions that pass 32 stacks whose resumes handle something else, and resumes of the whole chain.
(module
  (type $f (func)) (type $k (cont $f)) (tag $t) (tag $other)
  (type $fi (func (param i32))) (type $ki (cont $fi))
  (func $child (param $depth i32)
    (if (local.get $depth)
      (then
        (block $h (result (ref null $k))
          (resume $ki (on $other $h) (i32.sub (local.get $depth) (i32.const 1)) (cont.new $ki (ref.func $child))) (return))
        (drop) (unreachable))
      (else (loop $l (suspend $t) (br $l)))))
  (elem declare func $child)
  (func (export "run") (param $n i32) (result i32) (local $k (ref null $k))
    (local.set $k (cont.bind $ki $k (i32.const 32) (cont.new $ki (ref.func $child))))
    (loop $l
      (block $h (result (ref null $k)) (resume $k (on $t $h) (local.get $k)) (unreachable))
      (local.set $k)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n)))
