;; test: build
(module
  (memory 1)
  (func (param i32) (result i32) ;; no wrap is possible: into the offset
    (i32.load offset=4 (i32.add (i32.and (local.get 0) (i32.const 0xffff)) (i32.const 8))))
  (func (param i32) (result i32) ;; one is
    (i32.load offset=4 (i32.add (local.get 0) (i32.const 8))))
  (func (param i32 i64) ;; what is not stored falls away
    (i32.store8 (local.get 0) (i32.and (i32.wrap_i64 (local.get 1)) (i32.const 255)))))
;; fn 0 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 65535
;;   v3 = and.i32 v1, v2
;;   v4 = iconst.i32 8
;;   v5 = add.i32 v3, v4
;;   v6 = gload.i32 v3 +12
;;   return (v6)
;; }
;; fn 1 (i32) -> (i32) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = iconst.i32 8
;;   v3 = add.i32 v1, v2
;;   v4 = gload.i32 v3 +4
;;   return (v4)
;; }
;; fn 2 (i32, i64) -> () {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.i64 1
;;   v3 = wrap.i32 v2
;;   v4 = iconst.i32 255
;;   v5 = and.i32 v3, v4
;;   gstore.i64.8u v1 +0, v2
;;   return ()
;; }
