;; test: build
;; Into a continuation inside a try: the landing of the clause and that of the exception end one block.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (type $g (func (param i32) (result i32)))
  (type $l (cont $g))
  (tag $t (result i32))
  (tag $e (param i32))
  (func (param (ref $k)) (result i32)
    (block $caught (result i32)
      (try_table (result i32) (catch $e $caught)
        (block $h (result (ref $l))
          (return (resume_throw $k $e (on $t $h) (i32.const 7) (local.get 0))))
        (drop)
        (i32.const 1))))
  (func (param (ref $k) exnref) (result i32)
    (resume_throw_ref $k (local.get 1) (local.get 0))))
;; fn 0 (ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = iconst.i32 7
;;   trapifz v1 null_continuation_reference
;;   v4 = hload.ptr v1 +8
;;   trapifz v4 continuation_consumed
;;   v6 = iconst.i32 1
;;   v7 = call_builtin.ref alloc_exn (v6)
;;   hstore.i32 v7 +16, v2
;;   v9 = vmctx.ptr
;;   v10 = load.ptr v9 +0 immutable
;;   store.ref v10 +32, v7
;;   v12 = iconst.ptr 0x0
;;   hstore.ptr v1 +8, v12
;;   v14 = resume_throw.i32 v4 t0 () on 0
;;   try 0 b2 b1 b4
;; b1:
;;   v16 = landed.ref v14, 0
;;   jump b3
;; b2:
;;   return (v14)
;; b3:
;;   jump b6
;; b4: cold
;;   v20 = exn_load.i32 36
;;   v21 = iconst.i32 0
;;   jump b5
;; b5: cold
;;   v23 = exn_load.ref 32
;;   exn_clear
;;   v25 = hload.i32 v23 +16 immutable
;;   jump b7(v25)
;; b6:
;;   jump b7(v6)
;; b7(v28:i32):
;;   return (v28)
;; }
;; fn 1 (ref, ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = param.ref 1
;;   trapifz v1 null_continuation_reference
;;   v4 = hload.ptr v1 +8
;;   trapifz v4 continuation_consumed
;;   trapifz v2 null_exception_reference
;;   v7 = vmctx.ptr
;;   v8 = load.ptr v7 +0 immutable
;;   store.ref v8 +32, v2
;;   v10 = iconst.ptr 0x0
;;   hstore.ptr v1 +8, v10
;;   v12 = resume_throw.i32 v4 t0 ()
;;   return (v12)
;; }
