;; test: build
(module
  (type $f (func))
  (type $k (cont $f))
  (func (param (ref $f)) (result (ref $k)) (cont.new $k (local.get 0))))
;; function 0: cont.new is not supported yet
