;; References where a collection has to find them: in registers and on the stack as arguments, results and payloads,
;; in locals, globals, tables, segments and objects. Meant to be run with -C gc-stress,gc-verify as well.
(module
  (type $box (struct (field (mut i32))))
  (type $boxes (array (mut (ref null $box))))
  (func $garbage (param $n i32)
    (loop $again
      (drop (array.new_default $boxes (i32.const 8000)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; arguments
  (func $sum (param $p0 (ref null $box)) (param $p1 (ref null $box)) (param $p2 (ref null $box)) (param $p3 (ref null $box)) (param $p4 (ref null $box)) (param $p5 (ref null $box)) (param $p6 (ref null $box)) (param $p7 (ref null $box)) (param $p8 (ref null $box)) (param $p9 (ref null $box)) (param $p10 (ref null $box)) (param $p11 (ref null $box)) (param $p12 (ref null $box)) (param $p13 (ref null $box)) (param $p14 (ref null $box)) (param $p15 (ref null $box)) (param $p16 (ref null $box)) (param $p17 (ref null $box)) (param $p18 (ref null $box)) (param $p19 (ref null $box)) (result i32)
    (call $garbage (i32.const 150))
    (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.add (i32.mul (i32.const 0) (i32.const 3)) (struct.get $box 0 (local.get $p0))) (i32.const 3)) (struct.get $box 0 (local.get $p1))) (i32.const 3)) (struct.get $box 0 (local.get $p2))) (i32.const 3)) (struct.get $box 0 (local.get $p3))) (i32.const 3)) (struct.get $box 0 (local.get $p4))) (i32.const 3)) (struct.get $box 0 (local.get $p5))) (i32.const 3)) (struct.get $box 0 (local.get $p6))) (i32.const 3)) (struct.get $box 0 (local.get $p7))) (i32.const 3)) (struct.get $box 0 (local.get $p8))) (i32.const 3)) (struct.get $box 0 (local.get $p9))) (i32.const 3)) (struct.get $box 0 (local.get $p10))) (i32.const 3)) (struct.get $box 0 (local.get $p11))) (i32.const 3)) (struct.get $box 0 (local.get $p12))) (i32.const 3)) (struct.get $box 0 (local.get $p13))) (i32.const 3)) (struct.get $box 0 (local.get $p14))) (i32.const 3)) (struct.get $box 0 (local.get $p15))) (i32.const 3)) (struct.get $box 0 (local.get $p16))) (i32.const 3)) (struct.get $box 0 (local.get $p17))) (i32.const 3)) (struct.get $box 0 (local.get $p18))) (i32.const 3)) (struct.get $box 0 (local.get $p19))))
  (func (export "arguments") (result i32) (call $sum (struct.new $box (i32.const 1)) (struct.new $box (i32.const 2)) (struct.new $box (i32.const 3)) (struct.new $box (i32.const 4)) (struct.new $box (i32.const 5)) (struct.new $box (i32.const 6)) (struct.new $box (i32.const 7)) (struct.new $box (i32.const 8)) (struct.new $box (i32.const 9)) (struct.new $box (i32.const 10)) (struct.new $box (i32.const 11)) (struct.new $box (i32.const 12)) (struct.new $box (i32.const 13)) (struct.new $box (i32.const 14)) (struct.new $box (i32.const 15)) (struct.new $box (i32.const 16)) (struct.new $box (i32.const 17)) (struct.new $box (i32.const 18)) (struct.new $box (i32.const 19)) (struct.new $box (i32.const 20))))

  ;; tail calls take them along
  (func $tail (param $p0 (ref null $box)) (param $p1 (ref null $box)) (param $p2 (ref null $box)) (param $p3 (ref null $box)) (param $p4 (ref null $box)) (param $p5 (ref null $box)) (param $p6 (ref null $box)) (param $p7 (ref null $box)) (param $p8 (ref null $box)) (param $p9 (ref null $box)) (param $p10 (ref null $box)) (param $p11 (ref null $box)) (param $p12 (ref null $box)) (param $p13 (ref null $box)) (param $p14 (ref null $box)) (param $p15 (ref null $box)) (param $p16 (ref null $box)) (param $p17 (ref null $box)) (param $p18 (ref null $box)) (param $p19 (ref null $box)) (param $n i32) (result i32)
    (call $garbage (i32.const 3))
    (if (result i32) (i32.eqz (local.get $n))
      (then (return_call $sum (local.get $p0) (local.get $p1) (local.get $p2) (local.get $p3) (local.get $p4) (local.get $p5) (local.get $p6) (local.get $p7) (local.get $p8) (local.get $p9) (local.get $p10) (local.get $p11) (local.get $p12) (local.get $p13) (local.get $p14) (local.get $p15) (local.get $p16) (local.get $p17) (local.get $p18) (local.get $p19)))
      (else (return_call $tail (local.get $p0) (local.get $p1) (local.get $p2) (local.get $p3) (local.get $p4) (local.get $p5) (local.get $p6) (local.get $p7) (local.get $p8) (local.get $p9) (local.get $p10) (local.get $p11) (local.get $p12) (local.get $p13) (local.get $p14) (local.get $p15) (local.get $p16) (local.get $p17) (local.get $p18) (local.get $p19)
        (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "tail_arguments") (result i32) (call $tail (struct.new $box (i32.const 1)) (struct.new $box (i32.const 2)) (struct.new $box (i32.const 3)) (struct.new $box (i32.const 4)) (struct.new $box (i32.const 5)) (struct.new $box (i32.const 6)) (struct.new $box (i32.const 7)) (struct.new $box (i32.const 8)) (struct.new $box (i32.const 9)) (struct.new $box (i32.const 10)) (struct.new $box (i32.const 11)) (struct.new $box (i32.const 12)) (struct.new $box (i32.const 13)) (struct.new $box (i32.const 14)) (struct.new $box (i32.const 15)) (struct.new $box (i32.const 16)) (struct.new $box (i32.const 17)) (struct.new $box (i32.const 18)) (struct.new $box (i32.const 19)) (struct.new $box (i32.const 20)) (i32.const 20)))

  ;; results
  (func $many (result (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box)) (struct.new $box (i32.const 1)) (struct.new $box (i32.const 2)) (struct.new $box (i32.const 3)) (struct.new $box (i32.const 4)) (struct.new $box (i32.const 5)) (struct.new $box (i32.const 6)) (struct.new $box (i32.const 7)) (struct.new $box (i32.const 8)) (struct.new $box (i32.const 9)) (struct.new $box (i32.const 10)) (struct.new $box (i32.const 11)) (struct.new $box (i32.const 12)) (struct.new $box (i32.const 13)) (struct.new $box (i32.const 14)) (struct.new $box (i32.const 15)) (struct.new $box (i32.const 16)) (struct.new $box (i32.const 17)) (struct.new $box (i32.const 18)) (struct.new $box (i32.const 19)) (struct.new $box (i32.const 20)) (call $garbage (i32.const 150)))
  (func (export "results") (result i32) (call $many) (call $garbage (i32.const 150)) (call $sum))

  ;; payloads
  (tag $t (param (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box)))
  (func $throws (struct.new $box (i32.const 1)) (struct.new $box (i32.const 2)) (struct.new $box (i32.const 3)) (struct.new $box (i32.const 4)) (struct.new $box (i32.const 5)) (struct.new $box (i32.const 6)) (struct.new $box (i32.const 7)) (struct.new $box (i32.const 8)) (struct.new $box (i32.const 9)) (struct.new $box (i32.const 10)) (struct.new $box (i32.const 11)) (struct.new $box (i32.const 12)) (struct.new $box (i32.const 13)) (struct.new $box (i32.const 14)) (struct.new $box (i32.const 15)) (struct.new $box (i32.const 16)) (struct.new $box (i32.const 17)) (struct.new $box (i32.const 18)) (struct.new $box (i32.const 19)) (struct.new $box (i32.const 20)) (call $garbage (i32.const 3)) (throw $t))
  (func (export "payload") (result i32)
    (block $h (result (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box))
      (try_table (catch $t $h) (call $throws))
      (unreachable))
    (call $garbage (i32.const 150))
    (call $sum))
  (func (export "payload_again") (result i32) (local $e exnref)
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (call $throws))
      (unreachable))
    (local.set $e)
    (call $garbage (i32.const 150))
    (block $i (result (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box) (ref null $box))
      (try_table (catch $t $i) (call $garbage (i32.const 3)) (throw_ref (local.get $e)))
      (unreachable))
    (call $sum))

  ;; values that only the handler needs
  (func (export "handler_values") (param $n i32) (result i32)
    (local $a (ref null $box)) (local $b (ref null $box)) (local $s i32) (local $x i64)
    (local.set $x (i64.const 1000))
    (loop $again
      (local.set $a (struct.new $box (local.get $n)))
      (local.set $b (struct.new $box (i32.const 1)))
      (block $h
        (try_table (catch_all $h)
          (call $garbage (i32.const 3))
          (local.set $b (struct.new $box (i32.const 2)))
          (if (i32.and (local.get $n) (i32.const 1)) (then (call $throws)))
          (local.set $b (struct.new $box (i32.const 3)))))
      (local.set $x (i64.add (local.get $x) (i64.const 1)))
      (local.set $s (i32.add (local.get $s)
        (i32.mul (struct.get $box 0 (local.get $a)) (struct.get $box 0 (local.get $b)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.add (local.get $s) (i32.wrap_i64 (local.get $x))))

  ;; globals, tables, segments, objects
  (global $g (mut (ref null $box)) (struct.new $box (i32.const 7)))
  (table $table 5 (ref null $box) (struct.new $box (i32.const 9)))
  (elem $e (ref null $box) (struct.new $box (i32.const 11)) (struct.new $box (i32.const 12)))
  (func (export "elsewhere") (result i32) (local $x (ref $boxes))
    (call $garbage (i32.const 150))
    (table.init $table $e (i32.const 1) (i32.const 0) (i32.const 2))
    (local.set $x (array.new_elem $boxes $e (i32.const 0) (i32.const 2)))
    (call $garbage (i32.const 150))
    (struct.set $box 0 (array.get $boxes (local.get $x) (i32.const 0)) (i32.const 21))
    (call $garbage (i32.const 150))
    (i32.add (struct.get $box 0 (global.get $g)) ;; 7
      (i32.add (struct.get $box 0 (table.get $table (i32.const 0))) ;; 9
        (i32.add (struct.get $box 0 (table.get $table (i32.const 1))) ;; 21: the segment's objects are one
          (struct.get $box 0 (table.get $table (i32.const 2))))))) ;; 12

  ;; an old object that points to a young one
  (func (export "old_to_young") (param $n i32) (result i32)
    (local $x (ref null $boxes)) (local $i i32) (local $s i32)
    (local.set $x (array.new_default $boxes (i32.const 1000)))
    (call $garbage (i32.const 150))
    (loop $fill
      (array.set $boxes (local.get $x) (local.get $i) (struct.new $box (local.get $i)))
      (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 500))) (then (call $garbage (i32.const 5))))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (call $garbage (i32.const 150))
    (local.set $i (i32.const 0))
    (loop $add
      (local.set $s (i32.add (local.get $s) (struct.get $box 0 (array.get $boxes (local.get $x) (local.get $i)))))
      (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (local.get $s)))
(assert_return (invoke "arguments") (i32.const -1679879006))
(assert_return (invoke "tail_arguments") (i32.const -1679879006))
(assert_return (invoke "results") (i32.const -1679879006))
(assert_return (invoke "payload") (i32.const -1679879006))
(assert_return (invoke "payload_again") (i32.const -1679879006))
(assert_return (invoke "handler_values" (i32.const 100)) (i32.const 13750))
(assert_return (invoke "elsewhere") (i32.const 49))
(assert_return (invoke "old_to_young" (i32.const 0)) (i32.const 499500))
