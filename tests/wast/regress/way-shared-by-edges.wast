;; A way led past a branch shares its list of arguments with the branch itself, and the phis in the list got
;; their new names twice: behind a dead phi ($a), the third one ($z) was taken for the second ($b).
(module
  (func (export "f") (param $c i32) (param $d i32) (result i64)
    (local $a i32) (local $b i64) (local $z i64)
    (if (local.get $c)
      (then (local.set $a (i32.const 1)) (local.set $b (i64.const 2)) (local.set $z (i64.const 3)))
      (else (local.set $a (i32.const 4)) (local.set $b (i64.const 5)) (local.set $z (i64.const 6))))
    (block $j
      (br_if $j (if (result i32) (local.get $d)
        (then (i32.and (local.get $d) (i32.const 2)))
        (else (i32.const 1))))
      (local.set $z (i64.const 9)))
    (i64.add (i64.mul (local.get $b) (i64.const 10)) (local.get $z))))
(assert_return (invoke "f" (i32.const 1) (i32.const 0)) (i64.const 23))
(assert_return (invoke "f" (i32.const 0) (i32.const 0)) (i64.const 56))
(assert_return (invoke "f" (i32.const 1) (i32.const 2)) (i64.const 23))
(assert_return (invoke "f" (i32.const 0) (i32.const 2)) (i64.const 56))
(assert_return (invoke "f" (i32.const 1) (i32.const 1)) (i64.const 29))
(assert_return (invoke "f" (i32.const 0) (i32.const 1)) (i64.const 59))
