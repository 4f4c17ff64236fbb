;; Throw and catch through `depth` frames.
(module
  (tag $t (param i32))
  (func $deep (param $depth i32) (param $value i32) (result i32)
    (if (i32.eqz (local.get $depth)) (then (throw $t (local.get $value))))
    (i32.add (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $value)) (i32.const 1)))
  (func $run (param $repeats i32) (param $depth i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum)
        (block $caught (result i32)
          (try_table (result i32) (catch $t $caught) (call $deep (local.get $depth) (local.get $repeats))))))
      (local.set $repeats (i32.sub (local.get $repeats) (i32.const 1)))
      (br_if $again (local.get $repeats)))
    (local.get $sum))
  (func (export "run") (param i32) (result i32) (call $run (local.get 0) (i32.const 1)))
  (func (export "run20") (param i32) (result i32) (call $run (local.get 0) (i32.const 20)))
  (func (export "run100") (param i32) (result i32) (call $run (local.get 0) (i32.const 100))))
