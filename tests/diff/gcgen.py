"""Random programs over garbage-collected objects, as text: structs with subtypes, arrays, i31, casts, tables, globals,
references to functions, exceptions.

A Module has PROGRAMS functions p0, p1, ...; exported "main" runs each and folds what it returns and leaves behind into one
number, "p<n>" does so for one.  No program traps: references are tested, indices are kept below lengths, and fuel in a global
ends loops and calls; exceptions may leave a program and count.  The same seed makes the same text."""
import random

PROGRAMS = 24
ABSTRACT = {"any": None, "eq": "any", "i31": "eq", "struct": "eq", "array": "eq"}
EXN = "(ref null exn)"
NUMBERS = ("i32", "i64", "f64")


class Type:
    def __init__(self, name, kind, fields, super_):
        self.name, self.kind, self.fields, self.super = name, kind, fields, super_  # fields: [(storage, mutable)]


def is_ref(t): return t not in NUMBERS and t not in ("i8", "i16")
def unpacked(t): return "i32" if t in ("i8", "i16") else t
def ref(heap): return f"(ref null {heap})"
def heap_of(t): return t[len("(ref null "):-1]


class Module:
    def __init__(self, seed, fuel=400):
        self.r, self.fuel = random.Random(seed), fuel
        self.make_types()
        self.globals = [ref(self.any_heap()) for _ in range(6)] + list(NUMBERS)
        self.tables = [ref(h) for h in ("any", "eq", self.structs[0].name, self.arrays[0].name)]
        self.tags = [[], ["i32"], [ref("eq"), "i64"], [ref(self.structs[-1].name)]]
        self.signatures = [self.signature(n) for n in range(PROGRAMS)]
        body = [self.program(n) for n in range(PROGRAMS)]
        self.text = "\n".join(["(module"] + self.declarations() + self.fold() + body + self.mains() + [")"])

    # ---- types ----

    def any_heap(self):
        return self.r.choice(list(ABSTRACT) + [t.name for t in self.structs] + [t.name for t in self.arrays])

    def make_types(self):
        r = self.r
        self.structs, self.arrays = [], []
        names = [f"$s{n}" for n in range(r.randint(4, 9))]
        arrays = [f"$a{n}" for n in range(r.randint(4, 6))]
        heaps = list(ABSTRACT) + names + arrays

        def storage():
            return r.choice(["i8", "i16", "i32", "i64", "f64"]) if r.random() < 0.5 else ref(r.choice(heaps))
        for n, name in enumerate(names):
            super_ = r.choice(self.structs) if n and r.random() < 0.6 else None
            fields = list(super_.fields) if super_ else []
            most = 60 if r.random() < 0.05 else 4
            fields += [(storage(), r.random() < 0.8) for _ in range(r.randint(0, most))]
            self.structs.append(Type(name, "struct", fields, super_))
        for n, name in enumerate(arrays):
            s = ["i8", "i16", "i64", ref("any")][n] if n < 4 else storage()
            self.arrays.append(Type(name, "array", [(s, True)], None))
        self.types = {t.name: t for t in self.structs + self.arrays}

    def sub(self, a, b):
        """Is heap type a below b?"""
        while a is not None and a != "exn":
            if a == b:
                return True
            t = self.types.get(a)
            a = (t.super.name if t.super else t.kind) if t else ABSTRACT[a]
        return False

    def signature(self, n):
        r = self.r
        params = [r.choice(NUMBERS) if r.random() < 0.4 else ref(self.any_heap()) for _ in range(r.randint(0, 9 if n % 8 == 7 else 4))]
        return params, (r.choice(NUMBERS) if r.random() < 0.3 else ref(self.any_heap()))

    def declarations(self):
        out = ["(rec"]
        for t in self.structs:
            fields = " ".join(f"(field {'(mut ' + s + ')' if m else s})" for s, m in t.fields)
            out.append(f"  (type {t.name} (sub {t.super.name + ' ' if t.super else ''}{self.clauses(t)}(struct {fields})))")
        out += [f"  (type {t.name} (array (mut {t.fields[0][0]})))" for t in self.arrays] + [")"]
        for n, (params, result) in enumerate(self.signatures):
            out.append(f"(type $f{n} (func (param {' '.join(params)}) (result {result})))")
        out += [f"(tag $t{n} (param {' '.join(p)}))" for n, p in enumerate(self.tags)]
        out += [f"(global $g{n} (mut {t}) {self.zero(t)})" for n, t in enumerate(self.globals)]
        out += ["(global $fuel (mut i32) (i32.const 0))"]
        out += [f"(global $r{n} (mut (ref null $f{n})) (ref.null $f{n}))" for n in range(PROGRAMS)]
        out += [f"(table $t{n} 8 {t})" for n, t in enumerate(self.tables)]
        out += ['(data $bytes "\\01\\80\\ff\\00abcdefghijklmnopqrstuvwxyz0123456789\\7f\\fe")']
        out += ["(elem declare func " + " ".join(f"$p{n}" for n in range(PROGRAMS)) + ")"]
        out += ["(elem $items (ref null any) " + " ".join(f"(item (ref.i31 (i32.const {n * 77})))" for n in range(6)) + ")"]
        return out

    def clauses(self, t):
        return ""

    # ---- folding a value into a number ----

    def hidden(self, t, cast):
        """What `cast`, a t, leads to besides its fields."""
        return []

    def fold(self):
        out = ["(func $fold (param $v (ref null any)) (param $depth i32) (result i64) (local $h i64) (local $i i32)",
               "  (if (ref.is_null (local.get $v)) (then (return (i64.const 3))))",
               "  (if (ref.test (ref i31) (local.get $v)) (then (return (i64.extend_i32_u (i31.get_u (ref.cast (ref i31) (local.get $v)))))))",
               "  (if (i32.eqz (local.get $depth)) (then (return (i64.const 5))))"]

        def mixed(value):
            return f"(local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) {value}))"

        def number(storage, get):
            if storage in ("i8", "i16", "i32"):
                return f"(i64.extend_i32_s {get})"
            if storage == "i64":
                return get
            if storage == "f64":
                return f"(i64.reinterpret_f64 {get})"
            return f"(call $fold {get} (i32.sub (local.get $depth) (i32.const 1)))"
        ordered = sorted(self.structs, key=lambda t: -self.depth(t))
        for t in ordered:
            cast = f"(ref.cast (ref {t.name}) (local.get $v))"
            out.append(f"  (if (ref.test (ref {t.name}) (local.get $v)) (then {mixed(f'(i64.const {len(t.fields) + 100})')}")
            for i, (s, _) in enumerate(t.fields):
                signed = "_s" if s in ("i8", "i16") else ""
                out.append("    " + mixed(number(s, f"(struct.get{signed} {t.name} {i} {cast})")))
            out += ["    " + mixed(number("(ref null any)", get)) for get in self.hidden(t, cast)]
            out.append("    (return (local.get $h))))")
        for t in self.arrays:
            s = t.fields[0][0]
            cast = f"(ref.cast (ref {t.name}) (local.get $v))"
            signed = "_u" if s in ("i8", "i16") else ""
            get = f"(array.get{signed} {t.name} {cast} (local.get $i))"
            out.append(f"  (if (ref.test (ref {t.name}) (local.get $v)) (then (local.set $h (i64.extend_i32_u (array.len {cast})))"
                       f" (block $end (loop $next (br_if $end (i32.ge_u (local.get $i) (array.len {cast}))) {mixed(number(s, get))}"
                       f" (local.set $i (i32.add (local.get $i) (i32.const {1 if not is_ref(s) else 3}))) (br $next)))"
                       " (return (local.get $h))))")
        out.append("  (i64.const 7))")
        return out

    def depth(self, t):
        return 0 if t.super is None else 1 + self.depth(t.super)

    def as_i64(self, t, value):
        return {"i32": f"(i64.extend_i32_s {value})", "i64": value, "f64": f"(i64.reinterpret_f64 {value})"}.get(t) or \
            f"(call $fold {value} (i32.const 3))"

    def mains(self):
        out = []
        state = "(i64.const 0)"
        for n, t in enumerate(self.globals):
            state = f"(i64.add (i64.mul {state} (i64.const 17)) {self.as_i64(t, f'(global.get $g{n})')})"
        for n, t in enumerate(self.tables):
            for i in range(0, 8, 3):
                state = f"(i64.add (i64.mul {state} (i64.const 19)) {self.as_i64(t, f'(table.get $t{n} (i32.const {i}))')})"
        out.append(f"(func $state (result i64) {state})")
        for n, (params, result) in enumerate(self.signatures):
            args = " ".join(self.zero(p) if self.r.random() < 0.3 else self.simple(p) for p in params)
            setup = " ".join(f"(global.set $r{k} (ref.func $p{k}))" for k in range(PROGRAMS))
            out.append(f'(func $m{n} (export "p{n}") (result i64) {setup} (global.set $fuel (i32.const {self.fuel}))'
                       f" (i64.add (call $state) (block $h (result i64) (block $all (try_table (catch_all $all)"
                       f" (br $h {self.as_i64(result, f'(call $p{n} {args})')}))) (i64.const 11))))")
        total = " ".join(f"(local.set $h (i64.add (i64.mul (local.get $h) (i64.const 1000003)) (call $m{n})))" for n in range(PROGRAMS))
        out.append(f'(func (export "main") (result i64) (local $h i64) {total} (local.get $h))')
        return out

    # ---- values without a context ----

    def zero(self, t):
        return f"(ref.null {self.bottom(heap_of(t))})" if is_ref(t) else f"({t}.const 0)"

    def bottom(self, heap):
        return "none" if heap != "exn" and self.r.random() < 0.5 else heap

    def simple(self, t, depth=2):
        if t == "f64":
            return f"(f64.const {self.r.randint(-1000, 1000)}.5)"
        if t in NUMBERS:
            return f"({t}.const {self.number(t)})"
        made = self.make(heap_of(t), lambda u: self.simple(u, depth - 1) if depth > 0 else self.zero(u))
        return made if depth > 0 and made else self.zero(t)

    def number(self, t):
        bits = 32 if t == "i32" else 64
        return self.r.choice([0, 1, -1, self.r.randint(-300, 300), self.r.randint(-2 ** (bits - 1), 2 ** (bits - 1) - 1)])

    def make(self, heap, value):
        """A new object of a type below `heap`; `value` makes its parts."""
        r = self.r
        kinds = [t for t in self.structs + self.arrays if self.sub(t.name, heap)]
        if self.sub("i31", heap) and (not kinds or r.random() < 0.3):
            return f"(ref.i31 {value('i32')})"
        if not kinds:
            return None
        t = r.choice(kinds)
        if t.kind == "struct":
            return self.new_struct(t, value)
        s = unpacked(t.fields[0][0])
        how = r.randrange(5)
        if how == 0:
            return f"(array.new_default {t.name} {self.index(value('i32'), r.choice([7, 63, 1023]))})"
        if how == 1 and not is_ref(t.fields[0][0]) and t.fields[0][0] != "f64":
            return f"(array.new_data {t.name} $bytes {self.index(value('i32'), 7)} {self.index(value('i32'), 3)})"
        if how == 2 and t.fields[0][0] == ref("any"):
            return f"(array.new_elem {t.name} $items {self.index(value('i32'), 3)} {self.index(value('i32'), 1)})"
        if how == 3:
            return f"(array.new {t.name} {value(s)} {self.index(value('i32'), 15)})"
        n = r.randint(0, 5)
        return f"(array.new_fixed {t.name} {n} {' '.join(value(s) for _ in range(n))})"

    def new_struct(self, t, value):
        if self.r.random() < 0.2:
            return f"(struct.new_default {t.name})"
        return f"(struct.new {t.name} {' '.join(value(unpacked(s)) for s, _ in t.fields)})"

    def index(self, value, mask):
        return f"(i32.and {value} (i32.const {mask}))"

    # ---- programs ----

    def new_program(self, n, params):
        return Program(self, n, params)

    def program(self, n):
        params, result = self.signatures[n]
        p = self.new_program(n, params)
        body = [p.statement(4) for _ in range(self.r.randint(2, 8))]
        value = p.value(result, 4)
        head = " ".join(f"(param $l{k} {t})" for k, t in enumerate(params))
        locals_ = " ".join(f"(local $l{len(params) + k} {t})" for k, t in enumerate(p.locals[len(params):]))
        return (f"(func $p{n} (type $f{n}) {head} (result {result}) {locals_}\n"
                f"  (if (i32.le_s (global.get $fuel) (i32.const 0)) (then (return {self.zero(result)})))\n"
                f"  (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))\n  "
                + "\n  ".join(body) + f"\n  {value})")


class Program:
    def __init__(self, module, n, params):
        self.m, self.r, self.n = module, module.r, n
        self.locals = list(params) + [self.r.choice(NUMBERS) if self.r.random() < 0.35 else ref(module.any_heap())
                                      for _ in range(self.r.randint(3, 8))]
        self.labels = 0

    def label(self):
        self.labels += 1
        return f"$b{self.labels}"

    def temp(self, t):
        self.locals.append(t)
        return f"$l{len(self.locals) - 1}"

    def value(self, t, depth):
        if is_ref(t):
            return self.reference(heap_of(t), depth)
        if depth <= 0:
            return self.leaf(t)
        return getattr(self, t)(depth - 1)

    def leaf(self, t):
        fits = [k for k, u in enumerate(self.locals) if u == t or (is_ref(t) and is_ref(u) and self.m.sub(heap_of(u), heap_of(t)))]
        if fits and self.r.random() < 0.8:
            return f"(local.get $l{self.r.choice(fits)})"
        return self.m.simple(t, 1)

    # numbers

    def i32(self, d):
        r = self.r
        k = r.randrange(10)
        if k < 3:
            return f"(i32.{r.choice(['add', 'sub', 'mul', 'and', 'or', 'xor', 'lt_s', 'gt_u', 'eq'])} {self.value('i32', d)} {self.value('i32', d)})"
        if k == 3:
            return f"(ref.is_null {self.reference(self.m.any_heap(), d)})"
        if k == 4:
            return f"(ref.eq {self.reference('eq', d)} {self.reference('eq', d)})"
        if k == 5:
            heap = self.m.any_heap()
            return f"(ref.test (ref {r.choice(['', 'null '])}{heap}) {self.reference(r.choice(['any', 'eq']) if heap != 'any' else 'any', d)})"
        if k == 6:
            l, out = self.label(), self.label()
            return (f"(block {out} (result i32) (block {l} (br {out} (i31.get_{r.choice('su')} (br_on_null {l} {self.reference('i31', d)}))))"
                    f" {self.leaf('i32')})")
        if k == 7:
            return f"(i32.wrap_i64 {self.value('i64', d)})"
        if k == 8:
            t = r.choice(self.m.arrays)
            temp = self.temp(ref(t.name))
            return (f"(if (result i32) (ref.is_null (local.tee {temp} {self.reference(t.name, d)})) (then {self.leaf('i32')})"
                    f" (else (array.len (local.get {temp}))))")
        return self.from_object("i32", d) or self.leaf("i32")

    def i64(self, d):
        k = self.r.randrange(5)
        if k < 2:
            return f"(i64.{self.r.choice(['add', 'sub', 'mul', 'xor', 'rotl'])} {self.value('i64', d)} {self.value('i64', d)})"
        if k == 2:
            return f"(i64.extend_i32_{self.r.choice('su')} {self.value('i32', d)})"
        return self.from_object("i64", d) or self.leaf("i64")

    def f64(self, d):
        if self.r.random() < 0.4:
            return f"(f64.convert_i32_s {self.value('i32', d)})"
        return self.from_object("f64", d) or self.leaf("f64")

    def from_object(self, t, d):
        """A field or an element of type t, of an object that may be null."""
        fields = [(s, i, f) for s in self.m.structs for i, (f, _) in enumerate(s.fields) if unpacked(f) == t or (
            is_ref(t) and is_ref(f) and self.m.sub(heap_of(f), heap_of(t)))]
        arrays = [a for a in self.m.arrays if unpacked(a.fields[0][0]) == t or (
            is_ref(t) and is_ref(a.fields[0][0]) and self.m.sub(heap_of(a.fields[0][0]), heap_of(t)))]
        if not fields and not arrays:
            return None
        if fields and (not arrays or self.r.random() < 0.7):
            s, i, f = self.r.choice(fields)
            get = f"struct.get{self.r.choice(['_s', '_u']) if f in ('i8', 'i16') else ''} {s.name} {i}"
            if self.r.random() < 0.5:
                l, out = self.label(), self.label()
                return f"(block {out} (result {t}) (block {l} (br {out} ({get} (br_on_null {l} {self.reference(s.name, d)})))) {self.leaf(t)})"
            temp = self.temp(ref(s.name))
            return (f"(if (result {t}) (ref.is_null (local.tee {temp} {self.reference(s.name, d)})) (then {self.leaf(t)})"
                    f" (else ({get} (local.get {temp}))))")
        a = self.r.choice(arrays)
        get = f"array.get{self.r.choice(['_s', '_u']) if a.fields[0][0] in ('i8', 'i16') else ''} {a.name}"
        return self.with_element(a, d, f"(result {t})", self.leaf(t), lambda o, i: f"({get} (local.get {o}) (local.get {i}))")

    def with_element(self, a, d, result, otherwise, use):
        """`use` of an array and an index in it, or `otherwise` where it is null or empty."""
        o, i = self.temp(ref(a.name)), self.temp("i32")
        test = (f"(local.set {o} {self.reference(a.name, d)}) (local.set {i} {self.value('i32', d)})")
        ok = (f"(if (result i32) (ref.is_null (local.get {o})) (then (i32.const 0)) (else (if (result i32) (array.len (local.get {o}))"
              f" (then (local.set {i} (i32.rem_u (local.get {i}) (array.len (local.get {o})))) (i32.const 1)) (else (i32.const 0)))))")
        return f"(block {result} {test} (if {result} {ok} (then {use(o, i)}) (else {otherwise})))"

    # references

    def reference(self, heap, depth):
        r, t = self.r, ref(heap)
        if depth <= 0 or t == EXN:
            return self.leaf(t)
        d = depth - 1
        k = r.randrange(12)
        if k < 3:
            return self.m.make(heap, lambda u: self.value(u, d)) or self.leaf(t)
        if k == 3:
            return self.from_object(t, d) or self.leaf(t)
        if k == 4:
            return f"(if (result {t}) {self.value('i32', d)} (then {self.reference(heap, d)}) (else {self.reference(heap, d)}))"
        if k == 5:
            return f"(select (result {t}) {self.reference(heap, d)} {self.reference(heap, d)} {self.value('i32', d)})"
        if k == 6 and heap != "any":
            above = r.choice([h for h in ("any", "eq") if self.m.sub(heap, h)])
            temp = self.temp(ref("any"))
            return (f"(if (result {t}) (ref.test {t} (local.tee {temp} {self.reference(above, d)})) (then (ref.cast {t} (local.get {temp})))"
                    f" (else {self.leaf(t)}))")
        if k == 7 and heap != "any":
            l = self.label()
            if r.random() < 0.5:
                return (f"(block {l} (result {t}) (drop (br_on_cast {l} (ref null any) {t} {self.reference('any', d)})) {self.leaf(t)})")
            return (f"(block $o{l[1:]} (result {t}) (drop (block {l} (result (ref any)) (br $o{l[1:]} (br_on_cast_fail {l} (ref null any) {t}"
                    f" {self.reference('any', d)})))) {self.leaf(t)})")
        if k == 8:
            fits = [n for n, u in enumerate(self.m.globals) if is_ref(u) and self.m.sub(heap_of(u), heap)]
            if fits:
                return f"(global.get $g{r.choice(fits)})"
        if k == 9:
            fits = [n for n, u in enumerate(self.m.tables) if self.m.sub(heap_of(u), heap)]
            if fits:
                return f"(table.get $t{r.choice(fits)} {self.m.index(self.value('i32', d), 7)})"
        if k == 10:
            return self.call(t, d) or self.leaf(t)
        if k == 11 and heap == "any":
            return f"(any.convert_extern (extern.convert_any {self.reference('any', d)}))"
        return self.leaf(t)

    def call(self, t, d):
        fits = [n for n, (_, u) in enumerate(self.m.signatures) if u == t or (is_ref(t) and is_ref(u) and self.m.sub(heap_of(u), heap_of(t)))]
        if not fits:
            return None
        n = self.r.choice(fits)
        args = " ".join(self.value(p, min(d, 1)) for p in self.m.signatures[n][0])
        return f"(call $p{n} {args})" if self.r.random() < 0.6 else f"(call_ref $f{n} {args} (global.get $r{n}))"

    # statements

    def statement(self, depth):
        r, d = self.r, depth - 1
        k = r.randrange(14) if depth > 0 else 0
        if k < 3:
            n = r.randrange(len(self.locals))
            return f"(local.set $l{n} {self.value(self.locals[n], min(depth, 3))})"
        if k == 3:
            n = r.randrange(len(self.m.globals))
            return f"(global.set $g{n} {self.value(self.m.globals[n], 2)})"
        if k == 4:
            n = r.randrange(len(self.m.tables))
            return f"(table.set $t{n} {self.m.index(self.value('i32', 1), 7)} {self.value(self.m.tables[n], 2)})"
        if k in (5, 6):
            fields = [(s, i, f) for s in self.m.structs for i, (f, mutable) in enumerate(s.fields) if mutable]
            if fields:
                s, i, f = r.choice(fields)
                temp = self.temp(ref(s.name))
                return (f"(if (i32.eqz (ref.is_null (local.tee {temp} {self.reference(s.name, 2)})))"
                        f" (then (struct.set {s.name} {i} (local.get {temp}) {self.value(unpacked(f), 2)})))")
        if k == 7:
            a = r.choice(self.m.arrays)
            return self.with_element(a, 2, "", "", lambda o, i: f"(array.set {a.name} (local.get {o}) (local.get {i}) {self.value(unpacked(a.fields[0][0]), 2)})")
        if k == 8:
            return self.bulk(r.choice(self.m.arrays))
        if k == 9:
            body = " ".join(self.statement(d) for _ in range(r.randint(1, 3)))
            other = " ".join(self.statement(d) for _ in range(r.randint(0, 2)))
            return f"(if {self.value('i32', 2)} (then {body}) (else {other}))"
        if k == 10:
            l = self.label()
            body = " ".join(self.statement(d) for _ in range(r.randint(1, 3)))
            return (f"(loop {l} (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) {body}"
                    f" (br_if {l} (i32.and (i32.gt_s (global.get $fuel) (i32.const 0)) {self.value('i32', 1)})))")
        if k in (11, 12):
            return self.try_(d)
        if r.random() < 0.4:
            n = r.randrange(len(self.m.tags))
            return f"(if {self.value('i32', 1)} (then (throw $t{n} {' '.join(self.value(t, 1) for t in self.m.tags[n])})))"
        t = r.choice(NUMBERS) if r.random() < 0.3 else ref(self.m.any_heap())
        return f"(drop {self.call(t, 2) or self.leaf(t)})"

    def bulk(self, a):
        s = a.fields[0][0]
        how = self.r.randrange(3)

        def in_it(o, i):
            room = f"(i32.sub (array.len (local.get {o})) (local.get {i}))"
            if how == 0:
                return f"(array.fill {a.name} (local.get {o}) (local.get {i}) {self.value(unpacked(s), 1)} {room})"
            if how == 1:
                return f"(array.copy {a.name} {a.name} (local.get {o}) (local.get {i}) (local.get {o}) (i32.const 0) {room})"
            return f"(array.copy {a.name} {a.name} (local.get {o}) (i32.const 0) (local.get {o}) (local.get {i}) {room})"
        return self.with_element(a, 1, "", "", in_it)

    def try_(self, d):
        r, done = self.r, self.label()
        clauses, order = [], list(range(len(self.m.tags)))
        r.shuffle(order)
        for n in order[:r.randint(0, 3)]:
            clauses.append((n, r.random() < 0.4))
        if not clauses or r.random() < 0.3:
            clauses.append((None, r.random() < 0.5))
        body = " ".join(self.statement(d) for _ in range(r.randint(1, 4)))
        heads, handlers = [], []
        for n, with_ref in clauses:
            l = self.label()
            types = list(self.m.tags[n]) if n is not None else []
            heads.append(f"(catch{'' if n is not None else '_all'}{'_ref' if with_ref else ''} {f'$t{n} ' if n is not None else ''}{l})")
            stores = ""
            if with_ref:
                e = self.temp_exn()
                again = f"(if {self.value('i32', 1)} (then (throw_ref (local.get {e}))))" if r.random() < 0.4 else ""
                stores = f"(local.set {e}) {again}"
            for t in reversed(types):
                stores += f" (local.set {self.temp(t)})" if not (fits := [k for k, u in enumerate(self.locals) if u == t]) else \
                    f" (local.set $l{r.choice(fits)})"
            if with_ref and "throw_ref" in stores:  # the payload is taken first
                head, tail = stores.split(" (if", 1)
                depth, cut = 1, 0
                for cut, c in enumerate(tail):
                    depth += (c == "(") - (c == ")")
                    if depth == 0:
                        break
                stores = head + tail[cut + 1:] + " (if" + tail[:cut + 1]
            handlers.append((l, types + ([EXN] if with_ref else []), stores))
        text = f"(try_table {' '.join(heads)} {body}) (br {done})"
        for l, types, stores in handlers:
            result = f"(result {' '.join(types)}) " if types else ""
            text = f"(block {l} {result}{text}) {stores} {self.statement(0)} (br {done})"
        return f"(block {done} {text})"

    def temp_exn(self):
        self.locals.append(EXN)
        return f"$l{len(self.locals) - 1}"


if __name__ == "__main__":
    import sys
    print(Module(int(sys.argv[1])).text)
