"""Small changes to binary modules, by section: what run-peers needs to see more of them and to bound them.

In: a valid module's bytes.  Out: the changed bytes; None when the module is not for these tests.  Nothing here reads code."""

IMPORT, TABLE, MEMORY, GLOBAL, EXPORT, CODE = 2, 4, 5, 6, 7, 10
MOST_PAGES, MOST_ELEMENTS = 4, 64  # growth ends there in every engine
LARGEST_MEMORY, LARGEST_TABLE = 64, 10_000  # at the start


def leb(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def read_leb(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return n, at


def sections(data):
    """[(id, contents)] in order."""
    out, at = [], 8
    while at < len(data):
        number = data[at]
        size, at = read_leb(data, at + 1)
        out.append((number, data[at:at + size]))
        at += size
    return out


def join(parts):
    return b"\0asm\1\0\0\0" + b"".join(bytes([number]) + leb(len(contents)) + contents for number, contents in parts)


def count(data, number):
    return next((read_leb(contents, 0)[0] for n, contents in sections(data) if n == number), 0)


def may_wait(data):
    """Whether the code could have memory.atomic.wait32 or wait64: nobody would wake it."""
    code = b"".join(contents for number, contents in sections(data) if number == CODE)
    return b"\xfe\x01" in code or b"\xfe\x02" in code


def export_globals(data, imported):
    """Each global that a module defines under a name of its own, so that its end value can be seen."""
    n = count(data, GLOBAL)
    more = b"".join(leb(len(name)) + name + b"\x03" + leb(i) for i in range(imported, imported + n) for name in [f"global {i}".encode()])
    parts = sections(data)
    if not any(number == EXPORT for number, _ in parts):
        return data
    for i, (number, contents) in enumerate(parts):
        if number == EXPORT:
            had, at = read_leb(contents, 0)
            parts[i] = number, leb(had + n) + contents[at:] + more
    return join(parts)


def capped(contents, at, most, largest):
    """Limits with a maximum that does not depend on the machine: (bytes, where they end), or None for `largest` at the start."""
    flags, start = contents[at], at
    least, at = read_leb(contents, at + 1)
    top = most
    if flags & 1:
        top, at = read_leb(contents, at)
    if flags & 8:  # pages of another size: only the generator makes them, and bounds them
        end = read_leb(contents, at)[1]
        return contents[start:end], end
    if least > largest or flags & ~7:
        return None
    return bytes([flags | 1]) + leb(least) + leb(max(least, min(top, most))), at


def cap_limits(data):
    """Memories and tables that can grow only a little."""
    parts = sections(data)
    for i, (number, contents) in enumerate(parts):
        if number not in (TABLE, MEMORY):
            continue
        n, at = read_leb(contents, 0)
        out = leb(n)
        for _ in range(n):
            if number == TABLE:
                if contents[at] in (0x40, 0x63, 0x64):  # an initial value, or a type of more than a byte
                    return None
                out += contents[at:at + 1]
                at += 1
            limits = capped(contents, at, *((MOST_PAGES, LARGEST_MEMORY) if number == MEMORY else (MOST_ELEMENTS, LARGEST_TABLE)))
            if not limits:
                return None
            out += limits[0]
            at = limits[1]
        parts[i] = number, out
    return join(parts)
