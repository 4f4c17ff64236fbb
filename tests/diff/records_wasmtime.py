"""Does in Wasmtime what the records of records.c did, and writes down the same lines.

usage: records_wasmtime.py LIST RECORDS

`wasmtime` (the Python package) is in PYTHONPATH.  Its C functions are called as they are: its own values lose bits."""
import ctypes, struct, sys, zlib
from ctypes import byref
import wasmtime
from wasmtime import _bindings as ffi

TRAPS = {0: "limit:stack", 1: "trap:memory", 2: "trap:unaligned", 3: "trap:table", 4: "trap:uninitialized", 5: "trap:signature",
         6: "trap:overflow", 7: "trap:zero", 8: "trap:conversion", 9: "trap:unreachable", 13: "trap:null", 14: "trap:array", 15: "limit:memory",
         16: "trap:cast"}
SINGLE_PASS = 1  # a regalloc algorithm: half the time
SHARED_MEMORY = 4  # a kind of extern
I32, I64, F32, F64, V128, FUNCREF, EXTERNREF, ANYREF, EXNREF = range(9)
HASHED = 4 << 20  # larger memories are not looked at


def message(pointer, getter):
    text = ffi.wasm_byte_vec_t()
    getter(pointer, byref(text))
    out = ctypes.string_at(text.data, text.size).decode(errors="replace")
    ffi.wasm_byte_vec_delete(byref(text))
    return out


def outcome(error, trap):
    """A word for what ended a call, or None."""
    if error:
        text = message(error, ffi.wasmtime_error_message)
        ffi.wasmtime_error_delete(error)
        if "thrown Wasm exception" in text or "uncaught exception" in text:
            return "throw"
        if any(word in text for word in ("out of memory", "limit", "exceed", "too large", "failed to allocate", "mmap", "heap")):
            return "limit:wasmtime"
        return "error:" + text.replace("\n", " ")
    if trap:
        code = ffi.wasmtime_trap_code_t()
        known = ffi.wasmtime_trap_code(trap, byref(code))
        text = message(trap, ffi.wasm_trap_message)
        ffi.wasm_trap_delete(trap)
        if "thrown Wasm exception" in text:
            return "throw"
        return TRAPS.get(code.value, "trap:other") if known else "trap:" + text.replace("\n", " ")
    return None


def show(val):
    kind, of = val.kind, val.of
    if kind == I32: return f"i32:{of.i32}"
    if kind == I64: return f"i64:{of.i64}"
    raw = bytes(of)
    if kind == F32: return "f32:nan" if of.f32 != of.f32 else f"f32:{int.from_bytes(raw[:4], 'little'):x}"
    if kind == F64: return "f64:nan" if of.f64 != of.f64 else f"f64:{int.from_bytes(raw[:8], 'little'):x}"
    if kind == V128: return "v128:" + raw[:16].hex()
    null = int.from_bytes(raw[:8], "little") == 0  # every reference begins with its store, 0 in null
    ffi.wasmtime_val_unroot(byref(val))
    return "ref:null" if null else "ref:some"


def fill(val, text, kind):
    """The argument `text` for a parameter of a kind of wasm_valtype."""
    name, value = text.split(":")
    ctypes.memset(byref(val), 0, ctypes.sizeof(val))
    if name == "i32": val.kind, val.of.i32 = I32, int(value)
    elif name == "i64": val.kind, val.of.i64 = I64, int(value)
    elif name == "f32": val.kind, val.of.i32 = F32, struct.unpack("<i", struct.pack("<I", int(value, 16)))[0]
    elif name == "f64": val.kind, val.of.i64 = F64, struct.unpack("<q", struct.pack("<Q", int(value, 16)))[0]
    elif name == "v128":
        val.kind = V128
        ctypes.memmove(byref(val.of), bytes.fromhex(value), 16)
    else: val.kind = kind


def configure():
    config = wasmtime.Config()
    for name in ("wasm_gc", "wasm_function_references", "wasm_exceptions", "wasm_memory64", "wasm_multi_memory", "wasm_tail_call",
                 "wasm_threads", "shared_memory", "wasm_relaxed_simd", "wasm_wide_arithmetic", "wasm_custom_page_sizes"):
        setattr(config, name, True)
    config.wasm_relaxed_simd_deterministic = True
    ffi.wasmtime_config_wasm_compact_imports_set(config.ptr(), True)
    config.cranelift_opt_level = "none"
    ffi.wasmtime_config_cranelift_regalloc_algorithm_set(config.ptr(), SINGLE_PASS)
    config.parallel_compilation = False
    config.max_wasm_stack = 2 << 20
    return config


class Module:
    """`paths`: its file, and that of the module whose exports it imports, in order, where there is one."""

    def __init__(self, engine, paths):
        self.engine, self.store, self.refused = engine, None, None
        self.pointers = [self.compile(path) for path in paths]

    def compile(self, path):
        data = open(path, "rb").read()
        binary = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        pointer = ctypes.POINTER(ffi.wasmtime_module_t)()
        error = ffi.wasmtime_module_new(self.engine.ptr(), binary, len(data), byref(pointer))
        if error:
            self.refused = message(error, ffi.wasmtime_error_message).replace("\n", " ")
            ffi.wasmtime_error_delete(error)
            return None
        return pointer

    def drop_store(self):
        if self.store:
            ffi.wasmtime_store_delete(self.store)
        self.store = None

    def drop(self):
        self.drop_store()
        for pointer in self.pointers:
            if pointer:
                ffi.wasmtime_module_delete(pointer)

    def instantiate(self):
        """None, or the word for what went wrong."""
        self.drop_store()
        self.store = ffi.wasmtime_store_new(self.engine.ptr(), None, ctypes.CFUNCTYPE(None, ctypes.c_void_p)(0))
        self.context = ffi.wasmtime_store_context(self.store)
        imports, word = [], None
        for pointer in reversed(self.pointers):
            self.instance, trap = ffi.wasmtime_instance_t(), ctypes.POINTER(ffi.wasm_trap_t)()
            externs = (ffi.wasmtime_extern_t * max(1, len(imports)))(*imports)
            error = ffi.wasmtime_instance_new(self.context, pointer, externs, len(imports), byref(self.instance), byref(trap))
            self.drop_externs(imports)
            word = outcome(error, trap)
            if word:
                return word
            imports = self.exports() if pointer is not self.pointers[0] else []
        return None

    def exports(self):
        """To be dropped: shared memories are counted."""
        name, size, out = ctypes.POINTER(ctypes.c_char)(), ctypes.c_size_t(), []
        item = ffi.wasmtime_extern_t()
        while ffi.wasmtime_instance_export_nth(self.context, byref(self.instance), len(out), byref(name), byref(size), byref(item)):
            out.append(item)
            item = ffi.wasmtime_extern_t()
        return out

    @staticmethod
    def drop_externs(externs):
        for item in externs:
            ffi.wasmtime_extern_delete(byref(item))

    def pick(self, index):
        externs = self.exports()
        self.function = externs[index].of.func
        self.drop_externs(externs[:index] + externs[index + 1:])
        functype = ffi.wasmtime_func_type(self.context, byref(self.function))
        params, results = ffi.wasm_functype_params(functype).contents, ffi.wasm_functype_results(functype).contents
        self.kinds = [self.kind_of(params.data[i]) for i in range(params.size)]
        self.nresults = results.size
        ffi.wasm_functype_delete(functype)

    @staticmethod
    def kind_of(valtype):
        """The kind of null that a parameter takes, by the number of its heap type."""
        full = ffi.wasmtime_valtype_t()
        ffi.wasmtime_valtype_new(valtype, byref(full))
        heap = full.reftype.heaptype.kind
        ffi.wasmtime_valtype_delete(byref(full))
        return EXTERNREF if heap < 2 else FUNCREF if heap < 5 else ANYREF if heap < 13 else EXNREF

    def call(self, args):
        values = (ffi.wasmtime_val_t * max(1, len(args)))()
        for i, text in enumerate(args):
            fill(values[i], text, self.kinds[i])
        results = (ffi.wasmtime_val_t * max(1, self.nresults))()
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        word = outcome(ffi.wasmtime_func_call(self.context, byref(self.function), values, len(args), results, self.nresults,
                                              byref(trap)), trap)
        return word or "".join(" " + show(results[i]) for i in range(self.nresults))

    @staticmethod
    def show_memory(data, size):
        return f" mem:{size}:{zlib.crc32(ctypes.string_at(data, size)) if 0 < size <= HASHED else 0:x}"

    def state(self):
        out, externs = "S", self.exports()
        for item in externs:
            if item.kind == 1:
                val = ffi.wasmtime_val_t()
                ffi.wasmtime_global_get(self.context, byref(item.of.global_), byref(val))
                out += " " + show(val)
            elif item.kind == 3:
                size = ffi.wasmtime_memory_data_size(self.context, byref(item.of.memory))
                data = ffi.wasmtime_memory_data(self.context, byref(item.of.memory))
                out += self.show_memory(data, size)
            elif item.kind == SHARED_MEMORY:
                memory = item.of.sharedmemory
                data, size = ffi.wasmtime_sharedmemory_data(memory), ffi.wasmtime_sharedmemory_data_size(memory)
                out += self.show_memory(data, size)
            elif item.kind == 2:
                size, mask = ffi.wasmtime_table_size(self.context, byref(item.of.table)), ""
                for i in range(min(size, 64)):
                    val = ffi.wasmtime_val_t()
                    ffi.wasmtime_table_get(self.context, byref(item.of.table), i, byref(val))
                    mask += "0" if show(val) == "ref:null" else "1"
                out += f" table:{size}:{mask}"
        self.drop_externs(externs)
        return out


def main():
    paths = open(sys.argv[1]).read().split("\n")
    engine = wasmtime.Engine(configure())
    module, live = None, False
    for line in open(sys.argv[2]).read().split("\n"):
        if line[:1] == "M":
            print(line, flush=True)
            if module:
                module.drop()
            path = paths[int(line[2:])]
            module, live = Module(engine, path.split("\t")) if path else None, False
            if module:
                print("L reject " + module.refused if module.refused else "L ok")
        elif line[:1] == "F" and module and not module.refused:
            live, index = False, int(line.split()[1])
            if " limit" in line:
                print(line)
                continue
            word = module.instantiate()
            live = word is None
            print(f"F {index} {word or 'ok'}")
            if live:
                module.pick(index)
        elif line[:1] == "C" and live:
            args, ours = line[1:].split("|")
            if ours.startswith("limit"):
                print(line)
                live = False
                continue
            result = module.call(args.split())
            print(f"C{args}|{result}")
            live = not result.startswith("limit")
        elif line[:1] == "S" and live:
            print(module.state())
    if module:
        module.drop()
    print("END")


main()
