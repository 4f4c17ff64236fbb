;; test: tidy nans
(module
  (memory 1)
  (func (param f32 f32 f32) (result f32) ;; the product's bits are seen by nobody, the sum's by the caller
    (f32.add (f32.mul (local.get 0) (local.get 1)) (local.get 2)))
  (func (param i32) (result v128) (local v128) ;; the loop carries what nobody looks at before its end
    (loop
      (local.set 1 (f32x4.add (local.get 1) (f32x4.mul (v128.load (local.get 0)) (v128.load offset=64 (local.get 0)))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 16)))))
    (local.get 1))
  (func (param i32 f64) (result f64) ;; what it begins with has a payload
    (loop
      (local.set 1 (f64.add (local.get 1) (f64.load (local.get 0))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 16)))))
    (local.get 1)))
;; fn 0 (f32, f32, f32) -> (f32) {
;; b0:
;;   v1 = param.f32 0
;;   v2 = param.f32 1
;;   v3 = param.f32 2
;;   v4 = fmul.f32 v1, v2
;;   v6 = fadd.f32 v4, v3
;;   v7 = canon.f32 v6, 4
;;   return (v7)
;; }
;; fn 1 (i32) -> (v128) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = vconst.v128 0x00000000 0x00000000 0x00000000 0x00000000
;;   jump b1(v2, v1)
;; b1(v4:v128, v5:i32): loop 1
;;   v6 = gload.v128 v5 +0
;;   v7 = gload.v128 v5 +64
;;   v8 = vbinary.v128 f32x4.mul v6, v7
;;   v9 = vbinary.v128 f32x4.add v4, v8
;;   v10 = iconst.i32 -16
;;   v11 = add.i32 v5, v10
;;   branch v11 b2 b3
;; b2:
;;   jump b1(v9, v11)
;; b3:
;;   v14 = canon.v128 v9, 4
;;   return (v14)
;; }
;; fn 2 (i32, f64) -> (f64) {
;; b0:
;;   v1 = param.i32 0
;;   v2 = param.f64 1
;;   jump b1(v2, v1)
;; b1(v4:f64, v5:i32): loop 1
;;   v6 = gload.f64 v5 +0
;;   v7 = fadd.f64 v4, v6
;;   v8 = canon.f64 v7, 8
;;   v10 = iconst.i32 -16
;;   v11 = add.i32 v5, v10
;;   branch v11 b2 b3
;; b2:
;;   jump b1(v8, v11)
;; b3:
;;   return (v8)
;; }
