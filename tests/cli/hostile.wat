;; Names that would clear a terminal's screen, were they written to it as they are.
(module $"m\1b[2J"
  (@custom "c\1b[2J" "x")
  (import "a\1b[2J" "b\c2\9b2J" (func)))
