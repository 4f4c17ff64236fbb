;; test: build
;; A generator and who drives it: the clause's landing brings payload and continuation, the return goes on.
(module
  (type $f (func (param i32) (result i64)))
  (type $k (cont $f))
  (tag $t (param i32) (result i32))
  (tag $u (result i64))
  (func $gen (type $f)
    (i64.extend_i32_s (suspend $t (local.get 0))))
  (func (param $g (ref $f)) (param $x i32) (result i64)
    (local $c (ref null $k))
    (local.set $c (cont.new $k (local.get $g)))
    (loop $again
      (block $h (result i32 (ref $k))
        (return (resume $k (on $t $h) (on $u switch) (local.get $x) (local.get $c))))
      (local.set $c)
      (local.set $x)
      (br $again))
    (unreachable)))
;; fn 0 (i32) -> (i64) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 16
;;   v3 = top_load.ref 4294967280
;;   v4 = top_load.i32 4294967284
;;   v5 = add.i32 v3, v2
;;   v6 = gt_u.i32 v5, v4
;;   branch v6 b2 b1
;; b1:
;;   top_store v5
;;   v9 = iconst.i32 128
;;   hstore.i32 v3 +0, v9
;;   jump b3(v3)
;; b2: cold
;;   v12 = call_builtin.ref cont_cell ()
;;   jump b3(v12)
;; b3(v14:ref):
;;   v15 = vmctx.ptr
;;   v16 = load.ptr v15 +0 immutable
;;   v17 = load.ptr v16 +0
;;   hstore.ptr v14 +8, v17
;;   store.ref v17 +108, v14
;;   v20 = load.ptr v15 +48 immutable
;;   v21 = suspend.i32 v20 t2 (v1, v14, v17)
;;   v22 = sext32.i64 v21
;;   return (v22)
;; }
;; fn 1 (funcref, i32) -> (i64) {
;; b0:
;;   v1 = param.funcref 0
;;   v2 = param.i32 1
;;   v3 = iconst.ref 0x0
;;   trapifz v1 null_function_reference
;;   v5 = call_builtin.ref cont_new (v1)
;;   jump b1(v5, v2)
;; b1(v7:ref, v8:i32): loop 1
;;   v9 = hload.ptr v7 +8 null_struct
;;   trapifz v9 continuation_consumed
;;   v11 = iconst.ptr 0x0
;;   hstore.ptr v7 +8, v11
;;   v13 = resume.i64 v9 t0 (v8) on 0 switch 1
;;   try b3 b2
;; b2:
;;   v15 = landed.i32 v13, 0
;;   v16 = proj.ref v15, 1
;;   jump b4
;; b3:
;;   return (v13)
;; b4:
;;   jump b1(v16, v15)
;; }
