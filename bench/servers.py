"""The servers under test: started on 127.0.0.1, stopped by their process id."""

import hashlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

from console import Console
from load import Caller, Failed, Target

BENCH = Path(__file__).resolve().parent
HANDLER = BENCH / "handler.py"
GREETING = b"<p>Hello, FunctionGraph!</p>"

# The very first start of a debug build compiles the Python runtime slowly.
FIRST_START_SECONDS = 600
START_SECONDS = 60
STOP_SECONDS = 30

FUNCTION = "apig_demo"
PATH = "/ttest"
# The same handler, where each call has an instance of its own.
FRESH_FUNCTION = "apig_demo_fresh"
FRESH_PATH = "/fresh"
USER = "admin"


def environment(**more: str) -> dict[str, str]:
    """The environment of a server: this one without what would change its settings."""
    prefixes = ("SLUICE_", "FUNCTION_", "GUNICORN_", "CLOUD_RUN_", "PYTHON")
    names = ("WORKERS", "THREADS", "THREADED_TIMEOUT_ENABLED", "HOST", "PORT", "DEBUG", "RUST_LOG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes) and name not in names}
    return kept | more


class Server:
    """A process that serves the handler."""

    def __init__(self, name: str, log: Path):
        self.name = name
        self.log = log
        self.process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def spawn(self, command: list, env: dict[str, str], stdout=None, folder: Path = BENCH) -> None:
        with self.log.open("ab") as log:
            # All sides write what they say about themselves into a file.
            self.process = subprocess.Popen(
                command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log
            )

    def require_running(self) -> None:
        status = self.process.poll()
        if status is not None:
            last = self.log.read_text(errors="replace")[-2000:]
            raise Failed(f"{self.name} ended with status {status}. The end of its log:\n{last}")

    def stop(self) -> None:
        """Stops the process in order, or else kills it."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not stop within {STOP_SECONDS} s and was killed", file=sys.stderr)
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None


def check(name: str, target: Target) -> None:
    """Sees to it that a side answers with the greeting."""
    caller = Caller(target)
    try:
        answer = caller.call()
    finally:
        caller.close()
    if answer.status != 200 or GREETING not in answer.body:
        raise Failed(f"{name} answered with {answer.status} and without the greeting: {answer.body[:500]!r}")


class Sluice(Server):
    """`sluice serve` on a data folder of its own."""

    def __init__(self, binary: Path, data: Path, log: Path):
        super().__init__("Sluice", log)
        self.binary = binary
        self.data = data
        self.password = secrets.token_urlsafe(24)
        self.group_id = ""
        self.ports: dict[str, int] = {}

    def add_administrator(self) -> None:
        command = [self.binary, "user", "add", USER, "--admin", "--data", self.data]
        self.data.mkdir(mode=0o700)
        with self.log.open("ab") as log:
            env = environment(SLUICE_PASSWORD=self.password)
            done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60)
        if done.returncode != 0:
            raise Failed(f"sluice user add failed; {self.log.name} says why")

    def start(self, seconds: int = START_SECONDS) -> None:
        """Starts the server and waits for its ready line."""
        ports = [part for door in ("console", "gateway-http", "gateway-https") for part in (f"--{door}", "127.0.0.1:0")]
        self.spawn([self.binary, "serve", "--data", self.data, *ports], environment(), subprocess.PIPE)
        readable, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if readable else b""
        if not line:
            if readable:
                self.process.wait(STOP_SECONDS)
            self.require_running()
            raise Failed(f"Sluice was not ready within {seconds} s")
        self.ports = {door: int(address.rpartition(":")[2]) for door, address in json.loads(line).items()}

    def console(self) -> Console:
        return Console(self.ports["console"], USER, self.password)

    def publish(self, console: Console) -> None:
        """Creates the functions with their triggers."""
        self.group_id = console.create_group()
        for name, path in ((FUNCTION, PATH), (FRESH_FUNCTION, FRESH_PATH)):
            console.create_function(name)
            console.deploy(name, HANDLER.read_text())
            console.create_trigger(name, path, self.group_id)
        console.fresh_instances(FRESH_FUNCTION)

    def target(self, tls: bool = False, path: str = PATH) -> Target:
        scheme, door = ("https", "gateway_https") if tls else ("http", "gateway_http")
        return Target(scheme, self.ports[door], path, {"Host": f"{self.group_id}.apig.localhost"})


class Peer(Server):
    """A server that is told its port."""

    def __init__(self, name: str, log: Path):
        super().__init__(name, log)
        self.port = 0

    def listen(self, command: Callable[[int], list], env: dict[str, str], folder: Path = BENCH) -> None:
        """Starts the command for a port that is free and waits until it listens; it may not
        answer yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.spawn(command(self.port), env, folder=folder)
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.require_running()
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=START_SECONDS).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise Failed(f"{self.name} was not ready within {START_SECONDS} s") from None
                time.sleep(0.002)

    def target(self) -> Target:
        return Target("http", self.port, PATH)


class FunctionsFramework(Peer):
    """functions-framework with its own production server, gunicorn."""

    def __init__(self, python: Path, log: Path, workers: int | None = None, source: Path = BENCH / "peer.py"):
        name = "functions-framework" if workers is None else f"functions-framework, WORKERS={workers}"
        super().__init__(name, log)
        self.python = python
        self.workers = workers
        self.source = source

    def start(self) -> None:
        program = [self.python.with_name("functions-framework"), "--source", self.source, "--target", "serve"]
        more = {} if self.workers is None else {"WORKERS": str(self.workers)}
        # Beside the source lies the handler, which it imports.
        self.listen(
            lambda port: [*program, "--host", "127.0.0.1", "--port", str(port)], environment(**more), self.source.parent
        )


def peer_python(folder: Path) -> Path:
    """The Python of the peers' virtual environment, which is made when it is missing or
    was made for other versions."""
    requirements = BENCH / "requirements.txt"
    made_for = f"{sys.version}\n{hashlib.sha256(requirements.read_bytes()).hexdigest()}\n"
    stamp = folder / "made-for.txt"
    python = folder / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == made_for:
        return python
    print("Making the peers' virtual environment …", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    if subprocess.run(command, timeout=600).returncode != 0:
        raise Failed("pip could not install bench/requirements.txt")
    stamp.write_text(made_for)
    return python
