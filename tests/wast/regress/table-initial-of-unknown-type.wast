;; A table's initial value is a global that is imported with a type that does not exist: refused before the two types are
;; compared.
(assert_invalid
  (module binary
    "\00asm" "\01\00\00\00"
    "\01\04\01\60\00\00"                     ;; (type (func))
    "\02\09\01\01m\01g\03\64\20\00"            ;; (import "m" "g" (global (ref 32)))
    "\04\0a\01\40\00\63\00\00\01\23\00\0b")     ;; (table 1 (ref null 0) (global.get 0))
  "unknown type")
