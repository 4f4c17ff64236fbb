(module $garbage
  (type $pair (struct (field (ref null $pair)) (field i32)))
  (global $kept (mut (ref null $pair)) (ref.null $pair))
  ;; n pairs that die young
  (func (export "drop") (param $n i32) (result i32)
    (loop $next
      (drop (struct.new $pair (ref.null $pair) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n))
  ;; a list of n pairs that live on, then the trap
  (func (export "keep") (param $n i32)
    (loop $next
      (global.set $kept (struct.new $pair (global.get $kept) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    unreachable))
