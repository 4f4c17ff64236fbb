(module (func "a[2J" foo))
