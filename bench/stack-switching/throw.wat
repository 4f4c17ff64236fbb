;; n exceptions through two stacks made for each (run), and through 32 (many).
(module
  (type $f (func (param i32))) (type $k (cont $f)) (tag $e (param i32))
  (func $child (param $depth i32)
    (if (i32.eqz (local.get $depth)) (then (throw $e (i32.const 1))))
    (resume $k (i32.sub (local.get $depth) (i32.const 1)) (cont.new $k (ref.func $child))))
  (elem declare func $child)
  (func $go (param $n i32) (param $depth i32) (result i32) (local $sum i32)
    (loop $l
      (block $c (result i32)
        (try_table (catch $e $c) (resume $k (local.get $depth) (cont.new $k (ref.func $child))))
        (unreachable))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "run") (param i32) (result i32) (call $go (local.get 0) (i32.const 1)))
  (func (export "many") (param i32) (result i32) (call $go (local.get 0) (i32.const 31))))
