;; A list in random order is followed, and its values changed on the way.
(module
  (type $cell (struct (field $value (mut i32)) (field $next (mut (ref null $cell)))))
  (type $cells (array (mut (ref null $cell))))
  (func (export "run") (param $repeats i32) (result i32)
    (local $all (ref $cells)) (local $i i32) (local $at (ref null $cell)) (local $sum i32) (local $seed i32)
    (local.set $all (array.new_default $cells (i32.const 65536)))
    (loop $fill
      (array.set $cells (local.get $all) (local.get $i) (struct.new $cell (local.get $i) (ref.null $cell)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.const 65536))))
    (local.set $i (i32.const 0))
    (loop $link ;; 40503 is odd: a permutation of the cells
      (struct.set $cell $next
        (array.get $cells (local.get $all) (i32.and (i32.mul (local.get $i) (i32.const 40503)) (i32.const 65535)))
        (array.get $cells (local.get $all)
          (i32.and (i32.mul (i32.add (local.get $i) (i32.const 1)) (i32.const 40503)) (i32.const 65535))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $link (i32.lt_u (local.get $i) (i32.const 65535))))
    (loop $again
      (local.set $at (array.get $cells (local.get $all) (i32.const 0)))
      (loop $walk
        (local.set $sum (i32.add (local.get $sum) (struct.get $cell $value (local.get $at))))
        (struct.set $cell $value (local.get $at) (local.get $sum))
        (local.set $at (struct.get $cell $next (local.get $at)))
        (br_if $walk (i32.eqz (ref.is_null (local.get $at)))))
      (local.set $repeats (i32.sub (local.get $repeats) (i32.const 1)))
      (br_if $again (local.get $repeats)))
    (local.get $sum)))
