;; Many suspended stacks side by side while one of them runs for a while: whatever a signal handler does to the running
;; one's memory (tests/stacks/timer.c), the others are as they were.
(module
  (type $f (func (param i32) (result i32))) (type $c (cont $f)) (tag $y (param i32) (result i32))
  (table $k 2000 (ref null $c))
  ;; Six values live across the suspension, then checked; the spin is in a leaf of its own.
  (func $body (param $x i32) (result i32) (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local.set $a (i32.mul (local.get $x) (i32.const 3)))
    (local.set $b (i32.mul (local.get $x) (i32.const 5)))
    (local.set $c (i32.mul (local.get $x) (i32.const 7)))
    (local.set $d (i32.mul (local.get $x) (i32.const 11)))
    (drop (call $spin (suspend $y (local.get $x))))
    (i32.add (i32.add (local.get $a) (local.get $b)) (i32.add (local.get $c) (local.get $d))))
  (func $spin (param $n i32) (result i32)
    (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (i32.gt_s (local.get $n) (i32.const 0))))
    (local.get $n))
  (elem declare func $body)
  (func (export "run") (param $spin i32) (result i32) (local $i i32) (local $bad i32) (local $r i32) (local $t (ref null $c))
    (loop $l
      (block $h (result i32 (ref $c))
        (resume $c (on $y $h) (local.get $i) (cont.new $c (ref.func $body)))
        (unreachable))
      (local.set $t) (drop)
      (table.set $k (local.get $i) (local.get $t))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 2000))))
    ;; From the highest address down: below the one that runs the others wait.
    (loop $l
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (block $h (result i32 (ref $c))
        (resume $c (on $y $h) (local.get $spin) (table.get $k (local.get $i)))
        (local.set $r)
        (local.set $bad (i32.add (local.get $bad) (i32.ne (local.get $r) (i32.mul (local.get $i) (i32.const 26)))))
        (br $h (i32.const 0) (cont.new $c (ref.func $body))))
      (drop) (drop)
      (br_if $l (local.get $i)))
    (local.get $bad)))
(assert_return (invoke "run" (i32.const 200000)) (i32.const 0))
