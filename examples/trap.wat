;; A guest that goes wrong: it reads past the end of its memory. The host is told where, and goes on.
;;   heddle run --invoke main examples/trap.wat
(module
  (memory 1)
  (func $read (param $address i32) (result i32) (i32.load (local.get $address)))
  (func $middle (param $address i32) (result i32)
    (i32.add (call $read (local.get $address)) (i32.const 1)))
  (func (export "main") (result i32) (call $middle (i32.const 65534))))
