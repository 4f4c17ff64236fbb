"""Random programs that make, bind, resume, suspend, switch and drop continuations, throw and trap; as text.

A program is a few functions that call or start only later ones, so it ends; continuations stay in globals from one program
of a module to the next. Statements are tuples that model.py runs and `Text` prints. Half of the modules put their later
functions into an instance of its own."""
import random

NUMBERS = ("i32", "i64", "f32", "f64", "v128")


class Function:
    def __init__(self, index, params, results):
        self.index, self.params, self.results = index, params, results
        self.locals, self.body, self.final = list(params), [], []


class Program:
    """The functions, tags, types and globals of one module."""

    def __init__(self, seed, mains, helpers=9):
        self.r = random.Random(seed)
        self.seed, self.fuel, self.globals, self.sigs, self.conts = seed, 300, [], [], {}
        r = self.r
        # ("k", i) is a reference to a continuation of self.sigs[i]; 0 is the recursive one.
        self.sigs.append((("i64", ("k", 0)), ("i64",)))
        self.conts[self.sigs[0]] = 0
        one, none = self.cont(("i64",), ("i64",)), self.cont((), ())
        self.cont((), ("i64",))
        self.tags = [((), ("i64",)), ((), ())]  # the first two are for switch, and now and then for suspend
        for _ in range(4):
            self.tags.append((self.some(r.choice((0, 1, 1, 2, 3, 9))), self.some(r.choice((0, 1, 1, 2, 3)))))
        self.exceptions = [self.some(1, False), self.some(r.choice((0, 2, 4)), False)]
        sigs = [((), ()), ((), ("i64",)), (("i64",), ("i64",)), self.sigs[0], (("i64", one), ("i64",)), ((none,), ())]
        for _ in range(4):
            sigs.append((self.some(r.choice((0, 1, 2, 3, 5, 12))), self.some(r.choice((0, 1, 1, 2, 4)))))
        self.functions = []
        for _ in range(mains):
            self.functions.append(((), ("i64",)))
        self.functions += [r.choice(sigs) for _ in range(helpers - 4)] + [r.choice(sigs[6:]), r.choice(sigs[3:6]), sigs[3], r.choice(sigs[4:6])]
        self.functions = [Function(i, *s) for i, s in enumerate(self.functions)]
        self.mains = self.functions[:mains]
        for f in self.functions:
            Body(self, f).make()
        self.cut = r.choice((len(self.functions), r.randrange(mains, len(self.functions))))

    def some(self, n, refs=True):
        kinds = NUMBERS + ("i64", "box") + ((("k", 1), ("k", 2)) if refs else ())
        return tuple(self.r.choice(kinds) for _ in range(n))

    def cont(self, params, results):
        sig = (tuple(params), tuple(results))
        if sig not in self.conts:
            self.conts[sig] = len(self.sigs)
            self.sigs.append(sig)
        return ("k", self.conts[sig])

    def slot(self, k):
        if k not in self.globals:
            self.globals.append(k)
        return ("gget", k)


# Weights of the statements, in the order of `Body.statement`: what runs on a continuation, what runs on the root.
HELPER = (10, 4, 3, 3, 8, 12, 12, 6, 26, 18, 1.5, 7, 6, 4, 14, 0.5, 0.7, 2, 1, 6)
MAIN = (8, 2, 3, 3, 0.4, 40, 12, 6, 0.2, 0.2, 0.1, 8, 3, 5, 40, 0.1, 0, 2, 1, 4)


class Body:
    """Makes one function's statements."""

    def __init__(self, program, func):
        self.p, self.f, self.r = program, func, program.r
        self.budget = self.r.choice((4, 7, 12)) if func.index >= len(program.mains) else 14
        self.weights = HELPER if func.index >= len(program.mains) else MAIN
        self.later = program.functions[max(func.index + 1, len(program.mains)):]

    def make(self):
        for t in ("i64", "i64", "box", ("k", 1), ("k", 2)):
            self.f.locals.append(t)
        if self.f.params:
            self.f.body.append(("trace", self.r.randrange(len(self.f.params))))
        self.f.body += self.block(2, self.budget)
        self.f.final = [self.argument(t) for t in self.f.results]

    def local(self, t, fresh=0.2):
        found = [i for i, u in enumerate(self.f.locals) if u == t]
        if not found or (len(self.f.locals) < 40 and self.r.random() < fresh):
            self.f.locals.append(t)
            return len(self.f.locals) - 1
        return self.r.choice(found)

    def place(self, t):
        if isinstance(t, tuple) and self.r.random() < 0.35:
            return self.p.slot(t)
        return ("get", self.local(t))

    def places(self, types):
        return [self.place(t) if self.r.random() < 0.9 else None for t in types]

    def number(self, t):
        bits = self.r.getrandbits(32) if t in ("i32", "f32") else self.r.getrandbits(64)
        if t == "f32":
            return bits & 0xBFFFFFFF  # no NaN, no infinity
        if t == "f64":
            return bits & 0xBFFFFFFFFFFFFFFF
        return [bits, self.r.getrandbits(64)] if t == "v128" else bits

    def argument(self, t):
        r = self.r
        if isinstance(t, tuple):
            starts = self.starts(t)
            if starts and r.random() < 0.5:
                return ("new", t, r.choice(starts))
            return ("null", t) if r.random() < 0.1 else self.place(t)
        if r.random() < 0.5 and t in self.f.locals:
            return ("get", self.local(t, 0))
        return ("const", t, r.getrandbits(16) if t == "box" else self.number(t))

    def arguments(self, types):
        return [self.argument(t) for t in types]

    def starts(self, k):
        return [f.index for f in self.later if (f.params, f.results) == self.p.sigs[k[1]]]

    def block(self, depth, n):
        out = []
        for _ in range(self.r.randint(n // 3 or 1, max(1, n))):
            out += self.statement(depth)
        return out

    def statement(self, depth):
        r, p = self.r, self.p
        kind = r.choices(
            ("trace", "add", "set", "bump", "call", "start", "resume", "bind", "suspend", "switch", "throw", "try", "if", "loop",
             "guarded", "trap", "leave", "garbage", "host", "throw_at"),
            self.weights)[0]
        if depth == 0 and kind in ("try", "if", "loop", "guarded", "start"):
            kind = "suspend" if self.weights is HELPER else "resume"
        if kind in ("trace", "add", "bump"):
            t = "box" if kind == "bump" else "i64" if kind == "add" else r.choice([u for u in self.f.locals if u != "counter"])
            i = self.local(t, 0)
            if kind == "bump":
                return [("set", ("get", i), ("const", "box", r.getrandbits(16)))] * (r.random() < 0.9) + [("bump", i, r.getrandbits(8))]
            return [("trace", i) if kind == "trace" else ("add", i, self.local("i64", 0), r.getrandbits(30))]
        if kind == "set":
            t = r.choice(self.f.locals)
            if t in ("exn", "counter"):
                return []
            return [("set", self.place(t), self.argument(t))] if not isinstance(t, tuple) or r.random() < 0.5 else []
        if kind == "call" and self.later:
            f = r.choice(self.later)
            return [("call", f.index, self.arguments(f.params), self.places(f.results))]
        if kind == "start" and self.later:
            f = r.choice(self.later)
            k = p.cont(f.params, f.results)
            place = self.place(k)
            start = [("set", place, ("new", k, f.index))]
            if f.params and r.random() < 0.3:
                more, k, place = self.bind_twice(k, place)
                start += more
            what = r.random()
            if what < 0.1:
                return start + [("try", [self.resume(k, place, 0, True)], [(None, [], False, self.block(0, 1))])]
            return start + (self.drive(k, place, depth - 1) if what < 0.85 else [])
        if kind in ("resume", "throw_at"):
            k = self.known()
            place = self.place(k)
            one = [self.resume(k, place, 0, kind == "throw_at")]
            return [("guard", place, one)] if r.random() < 0.97 else one
        if kind == "guarded":
            k = self.known()
            place = self.place(k)
            return [("guard", place, self.drive(k, place, depth - 1))]
        if kind == "bind":
            return self.bind()
        if kind == "suspend":
            i = r.randrange(len(p.tags)) if r.random() < 0.3 else r.randrange(2, len(p.tags))
            params, results = p.tags[i]
            return [("suspend", i, self.arguments(params), self.places(results))]
        if kind == "switch":
            return self.switch()
        if kind == "throw":
            if "exn" in self.f.locals and r.random() < 0.3:
                return [("throw_ref", self.local("exn", 0))]
            i = r.randrange(2)
            return [("throw", i, self.arguments(p.exceptions[i]))]
        if kind == "try":
            return self.catch(depth)
        if kind == "if":
            return [("if", self.local("i64", 0), r.randint(1, 7), self.block(depth - 1, 3), self.block(depth - 1, 2))]
        if kind == "loop":
            self.f.locals.append("counter")
            return [("loop", r.randint(2, 4), len(self.f.locals) - 1, self.block(depth - 1, 3))]
        if kind == "trap":
            return [("trap", r.choice(("unreachable", "integer divide by zero", "out of bounds memory access", "cast failure")))]
        if kind == "leave":
            tails = [f for f in self.later if f.results == self.f.results]
            if tails and r.random() < 0.7:
                f = r.choice(tails)
                return [("if", self.local("i64", 0), 4, [("return_call", f.index, self.arguments(f.params))], [])]
            return [("if", self.local("i64", 0), 3, [("return", self.arguments(self.f.results))], [])]
        return [(kind if kind in ("garbage", "host") else "garbage", self.r.randint(1, 50))]

    def known(self):
        return self.r.choice([t for t in self.f.locals + self.p.globals if isinstance(t, tuple)])

    def handlers(self, results, depth, into=None):
        """Clauses for a resume whose results are these; `into`: where continuations of one type are to go."""
        r, p, out = self.r, self.p, []
        order = list(range(len(p.tags)))
        r.shuffle(order)
        for i in order[:r.choice((1, 3, 5, 6) if self.weights is HELPER else (5, 6, 6, 6, 6))]:
            params, back = p.tags[i]
            if r.random() < 0.2 and back == results and not params:
                out.append(("switch", i, [], []))
                if r.random() < 0.8:
                    continue
            k = p.cont(back, results)
            place = into if into and into[0] == k else (k, self.place(k))
            then = [("trace", self.local("i64", 0))] if r.random() < 0.5 else []
            if depth > 0 and r.random() < 0.6:
                then += [self.resume(k, place[1], 0, r.random() < 0.1)] if r.random() < 0.6 else self.block(0, 2)
            out.append(("on", i, self.places(params) + [place[1]], then))
        if r.random() < 0.85:  # so that switching works more often than by chance
            for i in (0, 1):
                if p.tags[i][1] == results and not any(c[1] == i for c in out):
                    out.append(("switch", i, [], []))
        if out and r.random() < 0.1:
            kind, i, places, then = r.choice(out)  # a second clause for a tag, which never counts
            out.append((kind, i, places, [("add", self.local("i64", 0), self.local("i64", 0), 5), ("trace", self.local("i64", 0))]))
        return out

    def resume(self, k, place, depth, throws=False, into=None):
        r = self.r
        params, results = self.p.sigs[k[1]]
        clear = r.random() < 0.85
        handlers, destinations = self.handlers(results, depth, into), self.places(results)
        if throws and "exn" in self.f.locals and r.random() < 0.4:
            return ("resume_throw_ref", k, ("get", self.local("exn", 0)), [], place, clear, handlers, destinations)
        if throws:
            i = r.randrange(2)
            return ("resume_throw", k, i, self.arguments(self.p.exceptions[i]), place, clear, handlers, destinations)
        return ("resume", k, None, self.arguments(params), place, clear, handlers, destinations)

    def drive(self, k, place, depth):
        """Resumes it, and goes on with what it suspends, as far as the types allow."""
        r = self.r
        if r.random() < 0.35:
            return [self.resume(k, place, depth)]
        tag = r.randrange(len(self.p.tags))
        next_k = self.p.cont(self.p.tags[tag][1], self.p.sigs[k[1]][1])
        kept = ("get", self.local(next_k))
        first = self.resume(k, place, depth, into=(next_k, kept))
        self.f.locals.append("counter")
        counter = len(self.f.locals) - 1
        again = self.resume(next_k, kept, 0, r.random() < 0.08, into=(next_k, kept))
        return [first, ("loop", r.randint(2, 6), counter, [("guard", kept, [again])])]

    def bind_twice(self, k, place):
        """Statements, and what is left to resume and where."""
        out = []
        for _ in range(self.r.choice((1, 2, 2))):
            params, results = self.p.sigs[k[1]]
            n = self.r.randint(0, len(params))
            to = self.p.cont(params[n:], results)
            into = self.place(to)
            out.append(("bind", into, k, to, self.arguments(params[:n]), place, self.r.random() < 0.7))
            k, place = to, into
        return out, k, place

    def bind(self):
        r, p = self.r, self.p
        k = self.known()
        params, results = p.sigs[k[1]]
        n = r.randint(0, len(params))
        place, to = self.place(k), p.cont(params[n:], results)
        s = ("bind", self.place(to), k, to, self.arguments(params[:n]), place, r.random() < 0.6)
        return [("guard", place, [s])] if r.random() < 0.97 else [s]

    def switch(self):
        r, p = self.r, self.p
        options = [i for i, (params, results) in enumerate(p.sigs)
                   if params and isinstance(params[-1], tuple) and p.sigs[params[-1][1]][1] == results and results in (("i64",), ())]
        if r.random() < 0.93:  # a prompt whose results are this function's is likely
            options = [i for i in options if p.sigs[i][1] == self.f.results]
        if not options:
            return []
        k = ("k", r.choice(options))
        params, results = p.sigs[k[1]]
        tag = 0 if results == ("i64",) else 1
        place = self.place(k)
        back = p.sigs[params[-1][1]][0]
        out = []
        if self.starts(k) and r.random() < 0.85:
            out.append(("set", place, ("new", k, r.choice(self.starts(k)))))
        s = ("switch", k, tag, self.arguments(params[:-1]), place, r.random() < 0.85, self.places(back))
        return out + ([("guard", place, [s])] if r.random() < 0.97 else [s])

    def catch(self, depth):
        r, p = self.r, self.p
        body = self.block(depth - 1, 4)
        catches = []
        for i in r.sample((0, 1, None), r.randint(1, 3)):
            ref = r.random() < 0.4
            places = self.places(p.exceptions[i]) if i is not None else []
            if ref:
                places.append(("get", self.local("exn")))
            catches.append((i, places, ref, self.block(0, 1)))
        return [("try", body, catches)]


# ---- text ----

PLAIN = {"box": "(ref null $box)", "exn": "exnref", "counter": "i32"}


def name_of(t):
    return PLAIN.get(t, t) if not isinstance(t, tuple) else f"(ref null $k{t[1]})"


def list_of(word, types):
    return f"({word} {' '.join(map(name_of, types))})" if types else ""


def const(t, v):
    if t == "v128":
        return f"v128.const i64x2 {v[0]} {v[1]}"
    if t in ("f32", "f64"):
        return f"i{t[1:]}.const {v} {t}.reinterpret_i{t[1:]}"
    return f"{t}.const {v}"


class Text:
    def __init__(self, program):
        self.p, self.labels = program, 0

    def label(self):
        self.labels += 1
        return f"$l{self.labels}"

    def get(self, e):
        op = e[0]
        if op == "get":
            return f"local.get {e[1]}"
        if op == "gget":
            return f"global.get $g{e[1][1]}"
        if op == "null":
            return f"ref.null $k{e[1][1]}"
        if op == "new":
            return f"ref.func $f{e[2]} cont.new $k{e[1][1]}"
        return const(e[1], e[2]) if e[1] != "box" else f"i64.const {e[2]} struct.new $box"

    def gets(self, es):
        return " ".join(map(self.get, es))

    def put(self, place):
        return "drop" if place is None else f"local.set {place[1]}" if place[0] == "get" else f"global.set $g{place[1][1]}"

    def puts(self, places):
        return " ".join(self.put(x) for x in reversed(places))

    def take(self, src, k, clear):
        return self.get(src) + (f" ref.null $k{k[1]} {self.put(src)}" if clear else "")

    def block(self, statements, func):
        return "\n".join(self.statement(s, func) for s in statements)

    def statement(self, s, func):
        p, op = self.p, s[0]
        if op == "trace":
            t = func.locals[s[1]]
            if t == "v128":
                return f"local.get {s[1]} i64x2.extract_lane 0 call $note local.get {s[1]} i64x2.extract_lane 1 call $note"
            convert = {"i32": "i64.extend_i32_s", "i64": "", "f32": "i32.reinterpret_f32 i64.extend_i32_u", "f64": "i64.reinterpret_f64",
                       "box": "call $box_value"}.get(t, "ref.is_null i32.eqz i64.extend_i32_u")
            return f"local.get {s[1]} {convert} call $note"
        if op == "set":
            return f"{self.get(s[2])} {self.put(s[1])}"
        if op == "add":
            return f"local.get {s[2]} i64.const 3 i64.mul i64.const {s[3]} i64.add local.set {s[1]}"
        if op == "bump":
            return f"local.get {s[1]} local.get {s[1]} struct.get $box 0 i64.const {s[2]} i64.add struct.set $box 0"
        if op == "call":
            return f"{self.gets(s[2])} call $f{s[1]} {self.puts(s[3])}"
        if op == "return_call":
            return f"{self.gets(s[2])} return_call $f{s[1]}"
        if op == "return":
            return f"{self.gets(s[1])} return"
        if op == "bind":
            return f"{self.gets(s[4])} {self.take(s[5], s[2], s[6])} cont.bind $k{s[2][1]} $k{s[3][1]} {self.put(s[1])}"
        if op in ("resume", "resume_throw", "resume_throw_ref"):
            return self.resume(s, func)
        if op == "suspend":
            return f"{self.gets(s[2])} suspend $t{s[1]} {self.puts(s[3])}"
        if op == "switch":
            return f"{self.gets(s[3])} {self.take(s[4], s[1], s[5])} switch $k{s[1][1]} $t{s[2]} {self.puts(s[6])}"
        if op == "throw":
            return f"{self.gets(s[2])} throw $e{s[1]}"
        if op == "throw_ref":
            return f"local.get {s[1]} throw_ref"
        if op == "try":
            return self.catch(s, func)
        if op == "if":
            return f"local.get {s[1]} i64.const 7 i64.and i64.const {s[2]} i64.lt_u if\n{self.block(s[3], func)}\nelse\n{self.block(s[4], func)}\nend"
        if op == "guard":
            return f"{self.get(s[1])} ref.is_null i32.eqz if\n{self.block(s[2], func)}\nend"
        if op == "loop":
            l = self.label()
            return (f"i32.const {s[1]} local.set {s[2]} loop {l}\n{self.block(s[3], func)}\n"
                    f"local.get {s[2]} i32.const 1 i32.sub local.tee {s[2]} br_if {l} end")
        if op == "trap":
            return {"unreachable": "unreachable", "integer divide by zero": "i32.const 1 i32.const 0 i32.div_s drop",
                    "out of bounds memory access": "i32.const -9 i32.load drop",
                    "cast failure": "i32.const 1 ref.i31 ref.cast (ref struct) drop"}[s[1]]
        if op == "garbage":
            return f"i32.const {s[1] * 100} array.new_default $bytes drop"
        return f"i32.const {s[1]} call $print"

    def resume(self, s, func):
        op, k, exn, args, src, clear, handlers, destinations = s
        done, labels = self.label(), [self.label() for _ in handlers]
        results = self.p.sigs[k[1]][1]
        head, tail = f"block {done}\n", ""
        for (kind, tag, places, then), label in reversed(list(zip(handlers, labels))):
            if kind == "on":
                params, back = self.p.tags[tag]
                head += f"block {label} (result {' '.join(map(name_of, params + (self.p.cont(back, results),)))})\n"
        for (kind, tag, places, then), label in zip(handlers, labels):
            if kind == "on":
                tail += f"end {self.puts(places)}\n{self.block(then, func)}\nbr {done}\n"
        clauses = " ".join(f"(on $t{h[1]} {l if h[0] == 'on' else 'switch'})" for h, l in zip(handlers, labels))
        middle = f"{self.gets(args)} {self.get(exn) if op == 'resume_throw_ref' else ''} {self.take(src, k, clear)}"
        tag = f"$e{exn}" if op == "resume_throw" else ""
        return f"{head}{middle} {op} $k{k[1]} {tag} {clauses} {self.puts(destinations)} br {done}\n{tail}end"

    def catch(self, s, func):
        done, labels = self.label(), [self.label() for _ in s[2]]
        head, tail, clauses = f"block {done}\n", "", ""
        for (tag, places, ref, then), label in zip(s[2], labels):
            word = ("catch" if tag is not None else "catch_all") + ("_ref" if ref else "")
            clauses += f" ({word} {f'$e{tag} ' if tag is not None else ''}{label})"
            tail += f"end {self.puts(places)}\n{self.block(then, func)}\nbr {done}\n"
        for (tag, places, ref, then), label in reversed(list(zip(s[2], labels))):
            types = (self.p.exceptions[tag] if tag is not None else ()) + (("exn",) if ref else ())
            types = [name_of(t) if t != "exn" else "(ref exn)" for t in types]
            head += f"block {label} {f'(result ' + ' '.join(types) + ')' if types else ''}\n"
        return f"{head}try_table{clauses}\n{self.block(s[1], func)}\nend br {done}\n{tail}end"

    def function(self, f):
        body = self.block(f.body, f)
        zero = {"v128": "v128.const i64x2 0 0"}
        defaults = " ".join(zero.get(t, f"{t}.const 0") if t in NUMBERS else f"ref.null {'$box' if t == 'box' else f'$k{t[1]}'}" for t in f.results)
        return (f"(func $f{f.index} (export \"f{f.index}\") (type $s{f.sig}) {list_of('local', f.locals[len(f.params):])}\n"
                f"global.get $fuel i32.eqz if {defaults} return end global.get $fuel i32.const 1 i32.sub global.set $fuel\n"
                f"{body}\n{self.gets(f.final)})")

    def modules(self):
        """The modules' texts, the one that is invoked last."""
        p = self.p
        for f in p.functions:
            f.sig = p.cont(f.params, f.results)[1]
        texts = {f.index: self.function(f) for f in p.functions}
        types = ["(type $box (struct (field (mut i64)))) (type $bytes (array (mut i8)))",
                 "(rec (type $s0 (func (param i64 (ref null $k0)) (result i64))) (type $k0 (cont $s0)))"]
        types += [f"(type $s{i} (func {list_of('param', params)} {list_of('result', results)})) (type $k{i} (cont $s{i}))"
                  for i, (params, results) in enumerate(p.sigs) if i]
        shared = [(f"t{i}", f"tag $t{i} {{}} {list_of('param', params)} {list_of('result', results)}", "") for i, (params, results) in enumerate(p.tags)]
        shared += [(f"e{i}", f"tag $e{i} {{}} {list_of('param', params)}", "") for i, params in enumerate(p.exceptions)]
        shared += [(f"g{k[1]}", f"global $g{k[1]} {{}} (mut {name_of(k)})", f"(ref.null $k{k[1]})") for k in p.globals]
        shared += [("fuel", "global $fuel {} (mut i32)", "(i32.const 0)"), ("trace", "global $trace {} (mut i64)", "(i64.const 0)")]
        halves = [p.functions[p.cut:], p.functions[:p.cut]] if p.cut < len(p.functions) else [p.functions]
        out = []
        for n, functions in enumerate(halves):
            lines = ["(module"] + types + ['(import "spectest" "print_i32" (func $print (param i32)))']
            for name, text, value in shared:
                lines.append(f"({text.format(f'(import {chr(34)}lib{chr(34)} {chr(34)}{name}{chr(34)})')})" if n else
                             f"({text.format(f'(export {chr(34)}{name}{chr(34)})')} {value})")
            if n:
                lines += [f'(import "lib" "f{f.index}" (func $f{f.index} (type $s{f.sig})))' for f in halves[0]]
            lines += ["(memory 1)", f"(elem declare func {' '.join(f'$f{f.index}' for f in (functions + (halves[0] if n else [])))})",
                      "(func $box_value (param (ref null $box)) (result i64) local.get 0 ref.is_null if i64.const 0x55 return end local.get 0 struct.get $box 0)",
                      "(func $note (param i64) global.get $trace local.get 0 i64.xor i64.const 0x100000001b3 i64.mul i64.const 1 i64.add global.set $trace)",
                      f'(func (export "begin") i64.const 1 global.set $trace i32.const {p.fuel} global.set $fuel)',
                      '(func (export "trace_now") (result i64) global.get $trace)']
            lines += [texts[f.index] for f in functions]
            out.append("\n".join(lines) + ")")
        return out
