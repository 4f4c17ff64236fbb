"""What a module imports, made: another module that exports a thing of the right type for each of its imports.

In: a valid module's bytes.  Out: the same module with its imports named "e"."0", "e"."1", ..., and the other module; None
when one of the imports cannot be made.  Types stand in both in the same groups, so that they are the same types.  The
functions answer with what they were given and change the memory and the globals that the module imports beside them: what an
engine keeps over a call, it must not keep here.  Nothing here reads code."""
from modules import CODE, EXPORT, GLOBAL, IMPORT, MEMORY, TABLE, capped, join, leb, read_leb, sections

TYPE, FUNCTION, ELEMENT, TAG = 1, 3, 9, 13
WIDE, OWN_PAGES = 4, 8  # flags of limits
ZEROS = {0x7F: b"\x41\x07", 0x7E: b"\x42\x0b", 0x7D: b"\x43" + bytes(4), 0x7C: b"\x44" + bytes(8),
         0x7B: b"\xfd\x0c" + bytes(range(16))}
I31 = b"\x41\x05\xfb\x1c"  # i32.const 5, ref.i31
NOT_NULL = {0x6C: I31, 0x6D: I31, 0x6E: I31, 0x6F: I31 + b"\xfb\x1b"}  # i31, eq, any, extern


def skip_leb(data, at):
    while data[at] & 0x80:
        at += 1
    return at + 1


def read_valtype(data, at):
    """(bytes of the type, where it ends)."""
    end = at + 1
    if data[at] in (0x63, 0x64):
        end = skip_leb(data, at + 1 + (data[at + 1] == 0x62))  # 0x62: exact
    return data[at:end], end


def read_list(data, at, read):
    n, at = read_leb(data, at)
    out = []
    for _ in range(n):
        item, at = read(data, at)
        out.append(item)
    return out, at


def read_field(data, at):
    item, at = (data[at:at + 1], at + 1) if data[at] in (0x77, 0x78) else read_valtype(data, at)
    return item, at + 1


def read_types(contents):
    """One for each type: (parameters, results) of a function, None of another."""
    types, at = [], 0
    groups, at = read_leb(contents, at)
    for _ in range(groups):
        members = 1
        if contents[at] == 0x4E:
            members, at = read_leb(contents, at + 1)
        for _ in range(members):
            if contents[at] in (0x4F, 0x50):
                at = read_list(contents, at + 1, read_leb)[1]
            form, at = contents[at], at + 1
            if form == 0x60:
                params, at = read_list(contents, at, read_valtype)
                results, at = read_list(contents, at, read_valtype)
                types.append((params, results))
                continue
            types.append(None)
            if form == 0x5F:
                at = read_list(contents, at, read_field)[1]
            elif form == 0x5E:
                at = read_field(contents, at)[1]
            else:
                raise ValueError("a type that no peer has")
    return types


def read_imports(contents, most_pages, most_elements):
    """[(kind, description)], memories and tables with a maximum; None: one is too large."""
    out, at = [], 0
    n, at = read_leb(contents, at)
    for _ in range(n):
        for _ in range(2):
            size, at = read_leb(contents, at)
            at += size
        kind, at = contents[at], at + 1
        if kind == 0:
            end = skip_leb(contents, at)
            description = contents[at:end]
        elif kind == 4:
            end = skip_leb(contents, at + 1)
            description = contents[at:end]
        elif kind == 3:
            valtype, end = read_valtype(contents, at)
            end += 1
            description = contents[at:end]
        else:
            valtype = b""
            if kind == 1:
                valtype, at = read_valtype(contents, at)
            limits = capped(contents, at, *((most_elements, 10_000) if kind == 1 else (most_pages, 64)))
            if not limits:
                return None
            description, end = valtype + limits[0], limits[1]
        out.append((kind, description))
        at = end
    return out


class Maker:
    def __init__(self, data, imports):
        self.types_section = next((contents for number, contents in sections(data) if number == TYPE), b"\0")
        self.types, self.imports = read_types(self.types_section), imports
        self.functions = [read_leb(d, 0)[0] for kind, d in imports if kind == 0]
        self.globals = [d for kind, d in imports if kind == 3]
        self.memories = [d for kind, d in imports if kind == 2]

    def value(self, valtype):
        """A constant expression without its end, or None."""
        if valtype[0] in ZEROS:
            return ZEROS[valtype[0]]
        if valtype[0] != 0x64:
            return b"\xd0" + (valtype[1:] if valtype[0] == 0x63 else valtype)
        heap = valtype[1]
        if heap in NOT_NULL:
            return NOT_NULL[heap]
        if heap == 0x70 and self.functions:
            return b"\xd2\x00"
        if heap < 0x40 and self.types[heap]:
            if heap not in self.functions:
                self.functions.append(heap)
            return b"\xd2" + leb(self.functions.index(heap))
        return None

    def changes(self):
        """Code that changes each global that can be counted up, and the first memory."""
        out = b""
        for i, of in enumerate(self.globals):
            if of[-1] == 1 and of[0] in (0x7E, 0x7F):
                const, add = (b"\x41\x01", b"\x6a") if of[0] == 0x7F else (b"\x42\x01", b"\x7c")
                out += b"\x23" + leb(i) + const + add + b"\x24" + leb(i)
        if self.memories and not self.memories[0][0] & OWN_PAGES:
            wide = self.memories[0][0] & WIDE
            at, one = (b"\x42\x08", b"\x42\x01") if wide else (b"\x41\x08", b"\x41\x01")
            if read_leb(self.memories[0], 1)[0] > 0:
                out += at + at + b"\x28\x02\x00" + b"\x41\x0d\x6a" + b"\x36\x02\x00"
            out += one + b"\x40\x00\x1a"
        return out

    def body(self, number):
        params, results = self.types[number]
        out = b"\0" + self.changes()
        for result in results:
            value = b"\x20" + leb(params.index(result)) if result in params else self.value(result)
            if value is None:
                out += b"\0"
                break
            out += value
        out += b"\x0b"
        return leb(len(out)) + out

    def module(self):
        initial = []
        for of in self.globals:
            value = self.value(of[:-1])
            if value is None:
                return None
            initial.append(of + value + b"\x0b")
        exports, at = [], [0] * 5
        for i, (kind, _) in enumerate(self.imports):
            name = str(i).encode()
            exports.append(leb(len(name)) + name + bytes([kind]) + leb(at[kind]))
            at[kind] += 1
        bodies, done = [], 0
        while done < len(self.functions):  # a result may ask for one more
            bodies.append(self.body(self.functions[done]))
            done += 1
        declared = [b"\x03\0" + leb(len(bodies)) + b"".join(leb(i) for i in range(len(bodies)))] if bodies else []
        vectors = [(FUNCTION, [leb(f) for f in self.functions]), (TABLE, [d for kind, d in self.imports if kind == 1]),
                   (MEMORY, self.memories), (TAG, [d for kind, d in self.imports if kind == 4]), (GLOBAL, initial),
                   (EXPORT, exports), (ELEMENT, declared), (CODE, bodies)]
        return join([(TYPE, self.types_section)] + [(number, leb(len(items)) + b"".join(items)) for number, items in vectors if items])


def with_imports(data, most_pages, most_elements, compact=False):
    """(module, the module of its imports or None when it has none, how many globals it imports); None. `compact`: the imports
    stand in one group of that proposal."""
    parts = sections(data)
    contents = next((contents for number, contents in parts if number == IMPORT), b"\0")
    imports = read_imports(contents, most_pages, most_elements)
    if imports is None:
        return None
    if not imports:
        return data, None, 0
    other = Maker(data, imports).module()
    if not other:
        return None
    items = [leb(len(str(i))) + str(i).encode() + bytes([kind]) + of for i, (kind, of) in enumerate(imports)]
    if compact:
        named = b"\x01" + b"\x01e" + b"\x00\x7f" + leb(len(items)) + b"".join(items)
    else:
        named = leb(len(items)) + b"".join(b"\x01e" + item for item in items)
    module = join([(number, named if number == IMPORT else contents) for number, contents in parts])
    return module, other, sum(kind == 3 for kind, _ in imports)
