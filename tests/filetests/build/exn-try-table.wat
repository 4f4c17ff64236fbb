;; test: build
(module
  (tag $t (param i32))
  (func $f)
  (func (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $t $h)
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (call $f)
        (call $f))
      (return (local.get 0)))
    (i32.add (local.get 0)))
  (func (throw $t (i32.const 5))))
;; fn 0 () -> () {
;; b0:
;;   return ()
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 1
;;   v3 = add.i32 v1, v2
;;   call f0 t1 ()
;;   try 0 b1 b3
;; b1:
;;   call f0 t1 ()
;;   try 0 b2 b3
;; b2:
;;   jump b5
;; b3: cold
;;   v9 = exn_load.i32 36
;;   v10 = iconst.i32 0
;;   jump b4
;; b4: cold
;;   v12 = exn_load.ref 32
;;   exn_clear
;;   v14 = hload.i32 v12 +16 immutable
;;   jump b6
;; b5:
;;   return (v3)
;; b6:
;;   v17 = add.i32 v14, v3
;;   return (v17)
;; }
;; fn 2 () -> () {
;; b0: cold
;;   v1 = iconst.i32 5
;;   v2 = iconst.i32 0
;;   v3 = call_builtin.ref alloc_exn (v2)
;;   hstore.i32 v3 +16, v1
;;   call_builtin throw_ref (v3)
;;   trap unreachable
;; }
