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
;;   v3 = hload.ptr v1 +8 null_struct
;;   trapifz v3 continuation_consumed
;;   v5 = iconst.i32 1
;;   v6 = call_builtin.ref alloc_exn (v5)
;;   hstore.i32 v6 +16, v2
;;   v8 = vmctx.ptr
;;   v9 = load.ptr v8 +0 immutable
;;   store.ref v9 +32, v6
;;   v11 = iconst.ptr 0x0
;;   hstore.ptr v1 +8, v11
;;   v13 = resume_throw.i32 v3 t0 () on 0
;;   try 0 b2 b1 b4
;; b1:
;;   v15 = landed.ref v13, 0
;;   jump b3
;; b2:
;;   return (v13)
;; b3:
;;   jump b6
;; b4: cold
;;   v19 = exn_load.i32 36
;;   v20 = iconst.i32 0
;;   jump b5
;; b5: cold
;;   v22 = exn_load.ref 32
;;   exn_clear
;;   v24 = hload.i32 v22 +16 immutable
;;   jump b7(v24)
;; b6:
;;   jump b7(v5)
;; b7(v27:i32):
;;   return (v27)
;; }
;; fn 1 (ref, ref) -> (i32) {
;; b0:
;;   v1 = param.ref 0
;;   v2 = param.ref 1
;;   v3 = hload.ptr v1 +8 null_struct
;;   trapifz v3 continuation_consumed
;;   trapifz v2 null_exception_reference
;;   v6 = vmctx.ptr
;;   v7 = load.ptr v6 +0 immutable
;;   store.ref v7 +32, v2
;;   v9 = iconst.ptr 0x0
;;   hstore.ptr v1 +8, v9
;;   v11 = resume_throw.i32 v3 t0 ()
;;   return (v11)
;; }
