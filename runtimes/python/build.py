"""Builds the Python runtime: `python build.py OUT_DIR`.

Writes OUT_DIR/component.wasm, which is CPython with the loader of
`sluice_runtime/` imported already, and OUT_DIR/stdlib.tar, its standard library with the
modules of `library/`.

Run it with a Python that has what one of the requirements files names: which of them
decides which Python it builds.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIT = HERE.parent / "wit"


def componentize(app, world, search, output):
    """Runs `app` inside CPython for WebAssembly and keeps the state it leaves."""
    program = [sys.executable, "-c", "import componentize_py; componentize_py.script()"]
    options = ["--wit-path", WIT, "--world", world, "componentize"]
    # Without VIRTUAL_ENV the packages of this Python stay out of the search path.
    # A fixed seed makes the snapshot the same each time; it is no secret anyway, because
    # every instance starts from the same memory and so has the same one.
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"PYTHONHASHSEED": "0"}
    command = [*program, *options, "--python-path", search, "--output", output, app]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"componentize-py could not build {app}:\n{done.stdout}")


def copy_stdlib(target):
    """Fills `target` with the standard library, and says which world the loader needs.

    componentize-py carries it in a form of its own and hands it to the Python it starts,
    so that Python is asked to copy it. The component of this run is thrown away.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder, "copy_stdlib.py")
        app.write_bytes((HERE / "copy_stdlib" / "copy_stdlib.py").read_bytes())
        shutil.copytree(HERE / "library", Path(folder, "library"), ignore=shutil.ignore_patterns("__pycache__"))
        componentize("copy_stdlib", "runtime", folder, Path(folder, "ignored.wasm"))
        Path(folder, "stdlib").rename(target)
        return Path(folder, "world").read_text()


def pack(folder, archive):
    """Packs `folder` so that the same files always give the same bytes."""
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            content = path.read_bytes()
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        stdlib = Path(folder, "stdlib")
        world = copy_stdlib(stdlib)
        pack(stdlib, out / "stdlib.tar")
    # Only the package: a search path leads to everything beside it.
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "sluice_runtime")
        package.mkdir()
        for module in sorted((HERE / "sluice_runtime").glob("*.py")):
            (package / module.name).write_bytes(module.read_bytes())
        componentize("sluice_runtime", world, folder, out / "component.wasm")


if __name__ == "__main__":
    main()
