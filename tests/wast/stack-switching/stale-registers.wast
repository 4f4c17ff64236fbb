;; Whatever a child did, the parent's next trap, call, access or return uses the parent's stack and the store's present state.
;; The first module is the failure as it was published; no relative of it may end otherwise.
(module
  (type $ft (func)) (tag $t (type $ft)) (type $ct (cont $ft))
  (func $callee (suspend $t)) (elem declare func $callee)
  (func (export "go") (local $k (ref null $ct))
    (local.set $k (cont.new $ct (ref.func $callee)))
    (block $h (result (ref null $ct))
      (resume $ct (on $t $h) (local.get $k)) (unreachable))
    (drop) (unreachable)))
(assert_trap (invoke "go") "unreachable")
(assert_trap (invoke "go") "unreachable")

;; the callee returns
(module
  (type $ft (func)) (tag $t (type $ft)) (type $ct (cont $ft))
  (func $callee) (elem declare func $callee)
  (func (export "go") (local $k (ref null $ct))
    (local.set $k (cont.new $ct (ref.func $callee)))
    (block $h (result (ref null $ct))
      (resume $ct (on $t $h) (local.get $k)) (unreachable))
    (drop) (unreachable)))
(assert_trap (invoke "go") "unreachable")

;; no continuation at all
(module (func (export "go") (unreachable)))
(assert_trap (invoke "go") "unreachable")

;; a module without stack switching calls in between, and traps by a fault
(module $plain
  (memory 1)
  (func (export "fault") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "recurse") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (i32.add (i32.const 1) (call 2 (i32.sub (local.get 0) (i32.const 1))))))))
(register "plain")
(module
  (import "plain" "fault" (func $fault (param i32) (result i32)))
  (import "plain" "recurse" (func $recurse (param i32) (result i32)))
  (type $ft (func)) (type $ct (cont $ft)) (tag $t)
  (type $fi (func (param i32) (result i32))) (type $ci (cont $fi))
  (func $suspends (suspend $t))
  (func $calls (drop (call $fault (i32.const 0))) (suspend $t) (drop (call $recurse (i32.const 100))))
  (elem declare func $suspends $calls $fault $recurse)
  (func $one (param $f (ref $ft)) (result (ref null $ct))
    (block $h (result (ref null $ct)) (resume $ct (on $t $h) (cont.new $ct (local.get $f))) (ref.null $ct)))
  (func (export "fault-after-suspend") (drop (call $one (ref.func $suspends))) (drop (call $fault (i32.const 65536))))
  (func (export "fault-after-return")
    (drop (resume $ci (i32.const 10) (cont.new $ci (ref.func $recurse)))) (drop (call $fault (i32.const 65536))))
  (func (export "fault-in-child") (drop (resume $ci (i32.const -1) (cont.new $ci (ref.func $fault)))))
  (func (export "return-after") (param $n i32) (result i32)
    (loop $l
      (resume $ct (call $one (ref.func $calls)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $recurse (i32.const 1000)))
  (func (export "exhausted-after") (result i32)
    (drop (call $one (ref.func $suspends)))
    (call $recurse (i32.const 100000000))))
(assert_trap (invoke "fault-after-suspend") "out of bounds memory access")
(assert_trap (invoke "fault-after-return") "out of bounds memory access")
(assert_trap (invoke "fault-in-child") "out of bounds memory access")
(assert_return (invoke "return-after" (i32.const 100)) (i32.const 1000))
(assert_exhaustion (invoke "exhausted-after") "call stack exhausted")
(assert_return (invoke "return-after" (i32.const 100)) (i32.const 1000))

;; A child's calls into the parent's instance, and the other way round, while the other is suspended in a loop: memory and table
;; sizes, globals and the memory's address, which code keeps in registers, have changed when it goes on.
(module
  (type $ft (func)) (type $ct (cont $ft)) (tag $t)
  (memory 1 1000) (table $tab 1 1000 funcref) (global $g (mut i32) (i32.const 0))
  (func $grows
    (loop $l
      (drop (memory.grow (i32.const 1)))
      (drop (table.grow $tab (ref.func $grows) (i32.const 1)))
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (global.get $g))
      (suspend $t)
      ;; the parent has grown both once more
      (if (i32.ne (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4))) (i32.const 77)) (then (unreachable)))
      (if (ref.is_null (table.get $tab (i32.sub (table.size $tab) (i32.const 1)))) (then (unreachable)))
      (br_if $l (i32.lt_u (global.get $g) (i32.const 100)))))
  (elem declare func $grows)
  ;; the same addresses before and after each switch, so that a bound checked before could be reused
  (func (export "grown") (result i32) (local $k (ref null $ct)) (local $sum i32)
    (local.set $k (cont.new $ct (ref.func $grows)))
    (block $done
      (loop $l
        (block $h (result (ref null $ct))
          (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (global.get $g)))
          (resume $ct (on $t $h) (local.get $k))
          (br $done))
        (local.set $k)
        (local.set $sum (i32.add (local.get $sum) (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))))
        (drop (table.get $tab (i32.sub (table.size $tab) (i32.const 1))))
        (drop (memory.grow (i32.const 1)))
        (drop (table.grow $tab (ref.func $grows) (i32.const 1)))
        (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 77))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
        (br $l)))
    (i32.add (local.get $sum) (i32.load (i32.const 8))))
  (func (export "sizes") (result i32 i32) (memory.size) (table.size $tab))
  (func (export "end") (result i32) (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 2)))))
(assert_return (invoke "grown") (i32.const 10200)) ;; 5050 twice, and 100
(assert_return (invoke "sizes") (i32.const 201) (i32.const 201))
(assert_trap (invoke "end") "out of bounds memory access")
