"""Random programs as gcgen.py makes them, over types of which many have descriptors, some of these descriptors of their own.

Each descriptor's type has two globals that hold one, so that casts by descriptor find both what they ask for and what they
do not.  No program traps: a cast stands where a branch on the same one has been passed."""
import gcgen
from gcgen import Type, ref


def exact(t): return f"(exact {t.name})"


class Module(gcgen.Module):
    def __init__(self, seed, fuel=400):
        super().__init__(seed, fuel)

    # ---- types: self.structs holds the descriptors' types too, each behind what it describes ----

    def make_types(self):
        super().make_types()
        described, self.structs = self.structs, []
        for t in described:
            self.add(t, None)
        self.types = {t.name: t for t in self.structs + self.arrays}

    def add(self, t, describes):
        r = self.r
        t.describes, t.descriptor = describes, None
        self.structs.append(t)
        above = t.super.descriptor if t.super else None
        if not above and r.random() > (0.2 if describes else 0.6):
            return
        fields = list(above.fields) if above else []
        fields += [(r.choice(["i8", "i32", "i64", ref("any"), ref(t.name)]), r.random() < 0.5) for _ in range(r.randint(0, 3))]
        t.descriptor = Type(t.name + "d", "struct", fields, above)
        self.add(t.descriptor, t)

    def clauses(self, t):
        return (f"(describes {t.describes.name}) " if t.describes else "") + (f"(descriptor {t.descriptor.name}) " if t.descriptor else "")

    def declarations(self):
        out = super().declarations()
        for t in reversed(self.structs):  # a descriptor's descriptor comes before it
            if not t.describes:
                continue
            for n in range(2):
                new = f"(struct.new_default_desc {t.name} {self.descriptor(t.descriptor)})" if t.descriptor else f"(struct.new_default {t.name})"
                out.append(f"(global {t.name}{n} (ref {exact(t)}) {new})")
        return out

    def hidden(self, t, cast):
        return [f"(ref.get_desc {t.name} {cast})"] if t.descriptor else []

    # ---- values ----

    def descriptor(self, t):
        return f"(global.get {t.name}{self.r.randrange(2)})"

    def new_struct(self, t, value):
        if not t.descriptor:
            return super().new_struct(t, value)
        if self.r.random() < 0.9:
            desc = self.descriptor(t.descriptor)
        else:
            desc = self.new_struct(t.descriptor, value)
        if self.r.random() < 0.2:
            return f"(struct.new_default_desc {t.name} {desc})"
        return f"(struct.new_desc {t.name} {' '.join(value(gcgen.unpacked(s)) for s, _ in t.fields)} {desc})"

    def new_program(self, n, params):
        return Program(self, n, params)


class Program(gcgen.Program):
    def i32(self, d):
        if self.r.random() < 0.1:
            t = self.r.choice(self.m.structs)
            return f"(ref.test (ref {self.r.choice(['', 'null '])}{exact(t)}) {self.reference('any', d)})"
        return super().i32(d)

    def reference(self, heap, depth):
        r = self.r
        if depth <= 0 or heap == "exn" or r.random() > 0.25:
            return super().reference(heap, depth)
        fits = [t for t in self.m.structs if t.descriptor and self.m.sub(t.name, heap)]
        gets = [t for t in self.m.structs if t.describes and self.m.sub(t.name, heap)]
        if gets and (not fits or r.random() < 0.3):
            of, l, out = r.choice(gets).describes, self.label(), self.label()
            return (f"(block {out} (result {ref(heap)}) (block {l} (br {out} (ref.get_desc {of.name}"
                    f" (br_on_null {l} {self.reference(of.name, depth - 1)})))) {self.leaf(ref(heap))})")
        if fits:
            return self.cast(heap, r.choice(fits), depth - 1)
        return super().reference(heap, depth)

    def cast(self, heap, t, d):
        """A reference cast to t by a descriptor, or a leaf where it has another."""
        r, l, out = self.r, self.label(), self.label()
        below = t if r.random() < 0.5 else r.choice([u for u in self.m.structs if self.m.sub(u.name, t.name)])
        to = f"(ref {r.choice(['', 'null '])}{exact(t) if below is t and r.random() < 0.5 else t.name})"
        desc = self.m.descriptor(below.descriptor)
        source = r.choice(["any", "eq", t.name] + ([t.super.name] if t.super else []))
        value, leaf = self.reference(source, d), self.leaf(ref(heap))
        if r.random() < 0.4:
            return (f"(block {out} (result {ref(heap)}) (drop (br_on_cast_desc_eq {out} {ref(source)} {to} {value} {desc})) {leaf})")
        passed = f"(br_on_cast_desc_eq_fail {l} {ref(source)} {to} {value} {desc})"
        if r.random() < 0.5:
            again = self.temp(ref(source))
            passed = f"(ref.cast_desc_eq {to} (block (result {ref(source)}) (local.set {again} {passed}) (local.get {again})) {desc})"
        return f"(block {out} (result {ref(heap)}) (drop (block {l} (result {ref(source)}) (br {out} {passed}))) {leaf})"


if __name__ == "__main__":
    import sys
    print(Module(int(sys.argv[1])).text)
