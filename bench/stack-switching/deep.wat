;; A recursion n deep inside a continuation, and back.
(module
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (func $down (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))))
  (elem declare func $down)
  (func (export "run") (param $n i32) (result i32) (resume $k (local.get $n) (cont.new $k (ref.func $down)))))
