;; n continuations at a time, each suspended one call deep with four numbers and a reference in use; then all resumed to the end.
;; The sum of what they return is n (5n + 7) / 2. `run` keeps them in a table, `deep` gives each 2 KiB of frames.
(module
  (type $f (func (param i64) (result i64))) (type $k (cont $f)) (tag $t)
  (type $r (func (result i64))) (type $kr (cont $r))
  (type $box (struct (field i64)))
  (table $all 0 10000000 (ref null $kr))
  (func $wait (suspend $t))
  (func $child (param $a i64) (result i64) (local $b i64) (local $c i64) (local $d i64) (local $r (ref null $box))
    (local.set $b (i64.add (local.get $a) (i64.const 1)))
    (local.set $c (i64.add (local.get $a) (i64.const 2)))
    (local.set $d (i64.add (local.get $a) (i64.const 3)))
    (local.set $r (struct.new $box (local.get $a)))
    (call $wait)
    (i64.add (i64.add (local.get $a) (local.get $b)) (i64.add (i64.add (local.get $c) (local.get $d)) (struct.get $box 0 (local.get $r)))))
  ;; 128 levels, some 2 KiB of frames
  (func $frames (param $n i32) (param $a i64) (result i64) (local $b i64) (local $c i64)
    (local.set $b (i64.xor (local.get $a) (i64.const 5)))
    (local.set $c (i64.mul (local.get $a) (i64.const 3)))
    (if (i32.eqz (local.get $n)) (then (return (call $child (local.get $a)))))
    (i64.sub
      (i64.sub (i64.add (i64.add (call $frames (i32.sub (local.get $n) (i32.const 1)) (local.get $a)) (local.get $b)) (local.get $c))
        (i64.xor (local.get $a) (i64.const 5)))
      (i64.mul (local.get $a) (i64.const 3))))
  (func $deep (param $a i64) (result i64) (call $frames (i32.const 128) (local.get $a)))
  (elem declare func $child $deep)
  (func $go (param $n i32) (param $f (ref $f)) (result i64) (local $i i32) (local $sum i64)
    (if (i32.lt_u (table.size $all) (local.get $n)) (then
      (drop (table.grow $all (ref.null $kr) (i32.sub (local.get $n) (table.size $all))))))
    (loop $l
      (local.get $i)
      (block $h (result (ref null $kr))
        (drop (resume $k (on $t $h) (i64.extend_i32_u (local.get $i)) (cont.new $k (local.get $f)))) (unreachable))
      (table.set $all)
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.set $i (i32.const 0))
    (loop $l
      (local.set $sum (i64.add (local.get $sum) (resume $kr (table.get $all (local.get $i)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
  (func (export "run") (param $n i32) (result i64) (call $go (local.get $n) (ref.func $child)))
  (func (export "deep") (param $n i32) (result i64) (call $go (local.get $n) (ref.func $deep))))
