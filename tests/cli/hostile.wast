(assert_invalid (module) "\1b[2J")
