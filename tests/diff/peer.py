"""The other engine of run-diff, run-gc and run-nan: $WASMTIME, else the one in $PATH, if it starts."""
import os, shutil, subprocess


def find_wasmtime():
    """Its path, or None."""
    path = os.environ.get("WASMTIME") or shutil.which("wasmtime")
    works = path and subprocess.run([path, "--version"], capture_output=True).returncode == 0
    return path if works else None
