;; test: emit
;; A resume with its handlers behind the code: the clause of a switch before the struct, the label's behind it.
(module
  (type $f (func (param i32) (result i64)))
  (type $k (cont $f))
  (tag $t (param i32) (result i32))
  (tag $u (result i64))
  (func (param $c (ref $k)) (param $x i32) (result i64)
    (block $h (result i32 (ref $k))
      (return (resume $k (on $t $h) (on $u switch) (local.get $x) (local.get $c))))
    (drop)
    (i64.extend_i32_s)))
;; ;; func 0, emit
;; b0:
;;      0: 55 48 8b ec 48 83 ec 20 4d 8b 1f 4d  (prologue)
;;      c: 8b 1b 49 3b 63 20 0f 82 a9 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 47 20                          mov rax, qword [r15 + 32]
;;     28: 48 8b 4c 38 08                       mov rcx, qword [rax + rdi + 8] !17
;;     2d: 48 85 c9                             test rcx, rcx
;;     30: 0f 84 ab 00 00 00                    trap e !20
;;     36: 48 c7 44 38 08 00 00 00 00           mov qword [rax + rdi + 8], 0
;;     3f: 48 8b d9                             move rbx, rcx
;;     42: 8b fe                                move edi, esi
;;     44: 4d 8b 37 4d 8b 36 4c 8d 2d 45 00 00  resume (v4:rdi, v3:rbx) -> v2:rax
;;     50: 00 49 89 26 49 89 6e 08 4d 89 6e 10
;;     5c: 4d 89 7e 18 4c 8d 25 99 00 00 00 4d
;;     68: 89 66 38 4c 8b 63 30 4d 89 74 24 28
;;     74: 48 c7 43 30 00 00 00 00 4d 8b 1f 49
;;     80: 89 1b 48 8b 23 48 8b 6b 08 4c 3b 7b
;;     8c: 18 0f 85 53 00 00 00 ff 63 10
;;     96: eb 02                                jmp b2
;; b1:
;;     98: eb 12                                jmp b3
;; b2:
;;     9a: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v2:rax)
;;     a6: 48 83 c4 20 5d c3
;; b3:
;;     ac: 48 63 c0                             movsxd rax, rax
;;     af: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v0:rax)
;;     bb: 48 83 c4 20 5d c3
;; out of line:
;;     c1: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     cd: 4d 8b 5f 10 41 ff 63 08 e9 3e ff ff
;;     d9: ff 4d 8b 5f 10 41 ff 23 e8 f4 ff ff
;;     e5: ff 4c 8b 7b 18 ff 63 10
;; tables:
;;     f0: 00 00 00 00 00 00 00 00 38 00 00 00
;;     fc: 00 00 00 00 00 00 00 00 00 00 00 00
;;    108: 30 00 00 00 90 ff ff ff 00 00 00 00
;;    114: 00 00 00 00 cc cc cc cc cc cc cc cc
