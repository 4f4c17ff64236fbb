;; Registers that calls keep come back to who catches as they were at the call, through frames that have used them: with and
;; without a saved instance, from other instances, host functions and with results on the stack.
(module $thrower
  (tag $t (export "t") (param i32))
  (memory (export "m") 1)
  (data (i32.const 0) "\2a")
  ;; Keeps five values across calls of itself, then throws.
  (func $down (export "down") (param $n i32) (param $a i32) (param $b i32) (param $c i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (throw $t (i32.add (local.get $a) (i32.load8_u (i32.const 0))))))
    (i32.add
      (i32.mul (call $down (i32.sub (local.get $n) (i32.const 1)) (i32.add (local.get $a) (i32.const 1))
                           (i32.xor (local.get $b) (local.get $n)) (i32.sub (local.get $c) (local.get $a)))
               (local.get $b))
      (i32.add (local.get $a) (i32.add (local.get $n) (local.get $c)))))
  (func (export "host") (param $x i32) (result i32) (throw $t (local.get $x))))
(register "thrower")

(module $catcher
  (import "thrower" "t" (tag $t (param i32)))
  (import "thrower" "down" (func $far (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 0) "\07")
  (global $g (mut i32) (i32.const 100))
  ;; Calls nothing through a table or an import: its instance is saved nowhere.
  (func $near (param $n i32) (param $a i32) (param $b i32) (param $c i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (throw $t (i32.add (local.get $a) (i32.load8_u (i32.const 0))))))
    (i32.add
      (i32.mul (call $near (i32.sub (local.get $n) (i32.const 1)) (i32.add (local.get $a) (i32.const 1))
                           (i32.xor (local.get $b) (local.get $n)) (i32.sub (local.get $c) (local.get $a)))
               (local.get $b))
      (i32.add (local.get $a) (i32.add (local.get $n) (local.get $c)))))
  (func $between (param $n i32) (param $a i32) (result i32)
    (local $x i32) (local $y i32)
    (local.set $x (i32.mul (local.get $a) (i32.const 3)))
    (local.set $y (i32.add (local.get $n) (i32.const 9)))
    (local.set $a (call $far (local.get $n) (local.get $a) (local.get $x) (local.get $y)))
    (i32.add (i32.add (local.get $a) (local.get $x)) (local.get $y)))

  (func (export "near") (param $n i32) (result i32)
    (local $p i32) (local $q i32) (local $r i32) (local $caught i32)
    (local.set $p (i32.mul (local.get $n) (i32.const 1000)))
    (local.set $q (i32.add (local.get $n) (i32.const 1)))
    (local.set $r (i32.xor (local.get $n) (i32.const 255)))
    (block $out
      (block $h (result i32)
        (try_table (catch $t $h)
          (drop (call $near (local.get $n) (local.get $p) (local.get $q) (local.get $r))))
        (br $out))
      (local.set $caught))
    ;; p q r and n are used on both ways
    (i32.add (i32.add (local.get $caught) (i32.mul (local.get $p) (i32.const 2)))
             (i32.add (i32.add (i32.mul (local.get $q) (i32.const 10000)) (local.get $r))
                      (i32.add (local.get $n) (i32.load8_u (i32.const 0))))))

  (func (export "far") (param $n i32) (result i32)
    (local $p i32) (local $q i32) (local $r i32) (local $caught i32)
    (local.set $p (i32.mul (local.get $n) (i32.const 1000)))
    (local.set $q (i32.add (local.get $n) (i32.const 1)))
    (local.set $r (i32.xor (local.get $n) (i32.const 255)))
    (block $out
      (block $h (result i32)
        (try_table (catch $t $h) (drop (call $between (local.get $n) (local.get $p))))
        (br $out))
      (local.set $caught))
    (global.set $g (i32.add (global.get $g) (i32.const 1)))
    (i32.add (i32.add (local.get $caught) (i32.mul (local.get $p) (i32.const 2)))
             (i32.add (i32.add (i32.mul (local.get $q) (i32.const 10000)) (local.get $r))
                      (i32.add (local.get $n) (i32.add (global.get $g) (i32.load8_u (i32.const 0)))))))

  ;; In a loop, three values alive around it, thrown at each round by a call that has used the registers; floats and a
  ;; reference are alive too.
  (func (export "loop") (param $n i32) (result f64)
    (local $i i32) (local $sum i32) (local $x f64) (local $o (ref null i31))
    (local.set $i (local.get $n))
    (loop $again
      (local.set $o (ref.i31 (local.get $i)))
      (local.set $x (f64.add (local.get $x) (f64.convert_i32_s (local.get $i))))
      (block $out
        (block $h (result i32)
          (try_table (catch $t $h)
            (drop (call $near (i32.rem_u (local.get $i) (i32.const 5)) (local.get $i) (local.get $sum) (local.get $n))))
          (br $out))
        (local.set $sum (i32.add (local.get $sum))))
      (local.set $sum (i32.add (local.get $sum) (i31.get_s (local.get $o))))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (f64.add (local.get $x) (f64.convert_i32_s (i32.add (local.get $sum) (local.get $n)))))

  ;; Two tries, one in the other; the outer handler reads what was set before the inner call.
  (func (export "nested") (param $n i32) (result i32)
    (local $p i32) (local $q i32)
    (local.set $p (i32.add (local.get $n) (i32.const 11)))
    (block $outer (result i32)
      (try_table (result i32) (catch $t $outer)
        (block $inner (result i32)
          (try_table (result i32) (catch $t $inner)
            (call $near (local.get $n) (local.get $p) (i32.const 1) (i32.const 2))))
        (local.set $q)
        (local.set $p (i32.mul (local.get $p) (i32.const 3)))
        (call $near (local.get $n) (local.get $q) (local.get $p) (local.get $n))))
    (i32.add (i32.mul (local.get $p) (i32.const 100)) (i32.add (local.get $q) (local.get $n)))
    (i32.add)))
(assert_return (invoke "near" (i32.const 0)) (i32.const 10269))
(assert_return (invoke "near" (i32.const 3)) (i32.const 49272))
(assert_return (invoke "near" (i32.const 20)) (i32.const 270289))
(assert_return (invoke "far" (i32.const 0)) (i32.const 10405))
(assert_return (invoke "far" (i32.const 3)) (i32.const 49409))
(assert_return (invoke "far" (i32.const 20)) (i32.const 270427))
(assert_return (invoke "nested" (i32.const 4)) (i32.const 4567))
(assert_return (invoke "loop" (i32.const 50)) (f64.const 4325))
