"""What the stack-switching instructions do, in the plainest code: a program's outcome by the rules of the proposal.

A function's activation is a Python generator that yields what it wants of the world ("call", "suspend", ...); a stack is a
list of activations under one prompt; a continuation is a cell that holds a list of stacks or nothing. The loop in `run` is
the whole of the semantics. It shares no code and no idea with the engine.

In: a program of programs.py. Out: how an invocation ends, and the store (globals) it leaves. `wrong` breaks one rule, so
that a test can show that the programs notice."""

WRONG = ("handlers-stay", "not-consumed", "outermost-handler", "kinds-mixed", "bound-last", "fresh-body-runs", "last-clause",
         "switch-without-prompt", "trap-caught", "thrown-at-resumer", "bind-keeps-old", "switch-consumes-first",
         "switch-without-self")
MASK = (1 << 64) - 1


class Trap(Exception):  # how an invocation ends early: kind is trap, exception or suspension
    def __init__(self, kind, text):
        self.kind, self.text = kind, text


class Throw(Exception):
    def __init__(self, exn):
        self.exn = exn  # (tag, values): an exception object, compared by identity


class Leave(Exception):  # return and return_call, from inside blocks
    def __init__(self, func, values):
        self.func, self.values = func, values


class Cell:
    """A continuation: `stacks` from the outermost, `fresh` the function that was not begun yet, `bound` what cont.bind gave."""

    def __init__(self, stacks, fresh=None, bound=()):
        self.stacks, self.fresh, self.bound, self.full = stacks, fresh, list(bound), True


class Stack:
    def __init__(self):
        self.frames, self.handlers = [], ()


class Suspended:
    def __init__(self, clause, values):
        self.clause, self.values = clause, values


class Model:
    def __init__(self, program, wrong=None):
        self.program, self.wrong = program, wrong
        self.globals = {name: None for name in program.globals}
        self.trace, self.fuel, self.left, self.steps = 0, 0, 0, 0

    # ---- one activation ----

    def note(self, t, v):
        if t == "v128":
            return self.note("i64", v[0]) or self.note("i64", v[1])
        if t == "box":
            v = 0x55 if v is None else v[0]
        elif t not in ("i32", "i64", "f32", "f64"):
            v = 0 if v is None else 1
        elif t == "i32":
            v = v - (1 << 32) if v >> 31 else v
        self.trace = ((self.trace ^ v) * 0x100000001B3 + 1) & MASK

    def value(self, e, locals_):
        op = e[0]
        if op == "get":
            return locals_[e[1]]
        if op == "gget":
            return self.globals[e[1]]
        if op == "const":
            return [e[2]] if e[1] == "box" else e[2]
        if op == "null":
            return None
        assert op == "new"
        return Cell([], self.program.functions[e[2]])

    def put(self, place, v, locals_):
        if place[0] == "get":
            locals_[place[1]] = v
        else:
            self.globals[place[1]] = v

    def activation(self, func, args):
        locals_ = list(args) + [default(t) for t in func.locals[len(args):]]
        if self.left == 0:
            return [default(t) for t in func.results]
        self.left -= 1
        try:
            yield from self.block(func.body, locals_, func)
        except Leave as leave:
            return leave if leave.func is not None else leave.values
        return [self.value(e, locals_) for e in func.final]

    def block(self, statements, locals_, func):
        for s in statements:
            op = s[0]
            if op == "trace":
                self.note(func.locals[s[1]], locals_[s[1]])
            elif op == "set":
                self.put(s[1], self.value(s[2], locals_), locals_)
            elif op == "add":
                locals_[s[1]] = (locals_[s[2]] * 3 + s[3]) & MASK
            elif op == "bump":  # box.value += n; traps on null
                if locals_[s[1]] is None:
                    raise Trap("trap", "null structure reference")
                locals_[s[1]][0] = (locals_[s[1]][0] + s[2]) & MASK
            elif op == "call":
                values = yield ("call", self.program.functions[s[1]], [self.value(e, locals_) for e in s[2]])
                self.assign(s[3], values, locals_)
            elif op == "return_call":
                raise Leave(self.program.functions[s[1]], [self.value(e, locals_) for e in s[2]])
            elif op == "return":
                raise Leave(None, [self.value(e, locals_) for e in s[1]])
            elif op == "bind":
                args, src = [self.value(e, locals_) for e in s[4]], self.take(s[5], s[6], locals_)
                self.put(s[1], self.bind(src, args), locals_)
            elif op in ("resume", "resume_throw", "resume_throw_ref"):
                # (op, type, exception tag or place of an exnref, args, src, clear, handlers, destinations)
                args, src = [self.value(e, locals_) for e in s[3]], self.take(s[4], s[5], locals_)
                exn = None
                if op == "resume_throw":
                    exn, args = (s[2], args), []
                elif op == "resume_throw_ref":
                    exn = self.value(s[2], locals_)
                    if src is not None and (src.full or self.wrong == "not-consumed") and exn is None:
                        raise Trap("trap", "null exception reference")
                got = yield ("resume", src, args, exn, s[6])
                if isinstance(got, Suspended):
                    clause = s[6][got.clause]
                    self.assign(clause[2], got.values, locals_)
                    yield from self.block(clause[3], locals_, func)
                else:
                    self.assign(s[7], got, locals_)
            elif op == "suspend":
                values = yield ("suspend", s[1], [self.value(e, locals_) for e in s[2]])
                self.assign(s[3], values, locals_)
            elif op == "switch":
                args, src = [self.value(e, locals_) for e in s[3]], self.take(s[4], s[5], locals_)
                values = yield ("switch", s[2], args, src)
                self.assign(s[6], values, locals_)
            elif op == "throw":
                raise Throw((s[1], [self.value(e, locals_) for e in s[2]]))
            elif op == "throw_ref":
                if locals_[s[1]] is None:
                    raise Trap("trap", "null exception reference")
                raise Throw(locals_[s[1]])
            elif op == "try":
                try:
                    yield from self.block(s[1], locals_, func)
                except Throw as throw:
                    for tag, destinations, ref, then in s[2]:
                        if tag is None or tag == throw.exn[0]:
                            break
                    else:
                        raise
                    caught, values = throw.exn, throw.exn[1] if tag is not None else []
                    self.assign(destinations, list(values) + ([caught] if ref else []), locals_)
                    yield from self.block(then, locals_, func)
                except Trap:
                    if self.wrong != "trap-caught":
                        raise
            elif op == "if":
                yield from self.block(s[3] if locals_[s[1]] & 7 < s[2] else s[4], locals_, func)
            elif op == "guard":
                if self.value(s[1], locals_) is not None:
                    yield from self.block(s[2], locals_, func)
            elif op == "loop":
                for _ in range(s[1]):
                    yield from self.block(s[3], locals_, func)
            elif op == "trap":
                raise Trap("trap", s[1])
            else:
                assert op in ("garbage", "host", "deep"), op

    def assign(self, destinations, values, locals_):
        for place, v in reversed(list(zip(destinations, values, strict=True))):  # as they come off the stack
            if place is not None:
                self.put(place, v, locals_)

    def take(self, src, clear, locals_):
        v = self.value(src, locals_)
        if clear:
            self.put(src, None, locals_)
        return v

    # ---- the rules ----

    def live(self, cell):
        if cell is None:
            raise Trap("trap", "null continuation reference")
        if not cell.full and self.wrong != "not-consumed":
            raise Trap("trap", "continuation already consumed")

    def bind(self, cell, args):
        self.live(cell)
        cell.full = self.wrong == "bind-keeps-old"
        bound = args + cell.bound if self.wrong == "bound-last" else cell.bound + args
        return Cell(cell.stacks, cell.fresh, bound)

    def enter(self, cell, args, exn, handlers):
        """Empties the cell; its stacks under a prompt with these handlers, and what their innermost activation is given."""
        cell.full = False
        args = cell.bound + args
        if cell.fresh is not None:
            if exn is not None and self.wrong != "fresh-body-runs":
                return [], None, Throw(exn)
            if exn is not None:
                exn, args = None, args + [default(t) for t in cell.fresh.params[len(args):]]
            stack = Stack()
            stack.frames = [self.activation(cell.fresh, args)]
            stacks, args = [stack], None
        else:
            stacks = list(cell.stacks)
        if not (self.wrong == "handlers-stay" and stacks[0].handlers):
            stacks[0].handlers = handlers
        if exn is not None:
            return (stacks, None, Throw(exn)) if self.wrong != "thrown-at-resumer" else ([], None, Throw(exn))
        return stacks, args, None

    def find(self, stacks, kind, tag):
        """(depth, clause) of the innermost prompt with a handler of this kind for the tag."""
        order = range(len(stacks) - 1, 0, -1)
        for i in reversed(order) if self.wrong == "outermost-handler" else order:
            clauses = list(enumerate(stacks[i].handlers))
            for j, clause in reversed(clauses) if self.wrong == "last-clause" else clauses:
                if clause[0] == kind and clause[1] == tag:
                    return i, j
                if self.wrong == "kinds-mixed" and clause[1] == tag:
                    raise Trap("trap", "unreachable")
        raise Trap("suspension", "unhandled")

    def run(self, func, args):
        stacks, value, exn = [Stack()], None, None
        stacks[0].frames = [self.activation(func, args)]
        while True:
            self.steps += 1
            stack = stacks[-1]
            try:
                if exn is not None:
                    throw, exn = exn, None
                    wants = stack.frames[-1].throw(throw)
                else:
                    wants = stack.frames[-1].send(value)
            except StopIteration as stop:
                if isinstance(stop.value, Leave):
                    stack.frames[-1], value = self.activation(stop.value.func, stop.value.values), None
                    continue
                value = stop.value
            except Throw as throw:
                exn = throw
            else:
                value = None
                if wants[0] == "call":
                    stack.frames.append(self.activation(wants[1], wants[2]))
                elif wants[0] == "resume":
                    self.live(wants[1])
                    entered, value, exn = self.enter(wants[1], wants[2], wants[3], wants[4])
                    stacks += entered
                elif wants[0] == "suspend":
                    depth, clause = self.find(stacks, "on", wants[1])
                    captured, stacks = stacks[depth:], stacks[:depth]
                    if self.wrong != "handlers-stay":
                        captured[0].handlers = ()
                    value = Suspended(clause, wants[2] + [Cell(captured)])
                else:
                    assert wants[0] == "switch"
                    target = wants[3]
                    self.live(target)
                    if self.wrong == "switch-consumes-first":
                        target.full = False
                    depth, _ = self.find(stacks, "switch", wants[1])
                    captured, stacks = stacks[depth:], stacks[:depth]
                    handlers = captured[0].handlers
                    captured[0].handlers = ()
                    self_cell = None if self.wrong == "switch-without-self" else Cell(captured)
                    if self.wrong == "switch-without-prompt":
                        handlers = ()
                    entered, value, exn = self.enter(target, wants[2] + [self_cell], None, handlers)
                    stacks += entered
                continue
            stack.frames.pop()
            if not stack.frames:
                stacks.pop()
                if not stacks:
                    if exn is not None:
                        raise Trap("exception", None)
                    return value

    def invoke(self, func):
        """(kind, text or values)"""
        self.trace, self.left = 1, self.program.fuel
        try:
            return "return", self.run(func, [])
        except Trap as trap:
            return trap.kind, trap.text


def default(t):
    return [0, 0] if t == "v128" else 0 if t in ("i32", "i64", "f32", "f64", "counter") else None
