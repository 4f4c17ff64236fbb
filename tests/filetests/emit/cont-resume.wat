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
;;      c: 8b 1b 49 3b 63 20 0f 82 6d 00 00 00
;;     18: 48 89 5d f8 4c 89 65 f0 4c 89 6d e8
;;     24: 49 8b 47 20                          mov rax, qword [r15 + 32]
;;     28: 48 8b 4c 38 08                       mov rcx, qword [rax + rdi + 8] !17
;;     2d: 48 85 c9                             test rcx, rcx
;;     30: 0f 84 6f 00 00 00                    trap e !20
;;     36: 48 c7 44 38 08 00 00 00 00           mov qword [rax + rdi + 8], 0
;;     3f: 48 8b d9                             move rbx, rcx
;;     42: 8b fe                                move edi, esi
;;     44: 4c 8d 25 75 00 00 00 4c 8d 2d 08 00  resume (v4:rdi, v3:rbx) -> v2:rax
;;     50: 00 00 4d 8b 5f 10 41 ff 63 10
;;     5a: eb 02                                jmp b2
;; b1:
;;     5c: eb 12                                jmp b3
;; b2:
;;     5e: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v2:rax)
;;     6a: 48 83 c4 20 5d c3
;; b3:
;;     70: 48 63 c0                             movsxd rax, rax
;;     73: 48 8b 5d f8 4c 8b 65 f0 4c 8b 6d e8  ret (v0:rax)
;;     7f: 48 83 c4 20 5d c3
;; out of line:
;;     85: 4c 8d 1d 0d 00 00 00 66 4d 0f 6e fb
;;     91: 4d 8b 5f 10 41 ff 63 08 e9 7a ff ff
;;     9d: ff 4d 8b 5f 10 41 ff 23 e8 f4 ff ff
;;     a9: ff
;; tables and constants:
;;     ac: cc cc cc cc 00 00 00 00 00 00 00 00
;;     b8: 38 00 00 00 00 00 00 00 00 00 00 00
;;     c4: 00 00 00 00 30 00 00 00 94 ff ff ff
;;     d0: 00 00 00 00 00 00 00 00 cc cc cc cc
;;     dc: cc cc cc cc
