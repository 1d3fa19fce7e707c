"""What instances.py measures: the sides of each comparison, and the tables of their figures."""

import contextlib
import functools
import json
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common import OUT, progress
from examples import figure, parse_memory, parse_times, run_example
from load import Caller, Failed, Memory, Target, children, memory_of
from sandboxes import PEERS, WasmtimeServe, Workerd, component_of, run_command, wasmtime_of, workerd_of
from servers import (
    BENCH,
    FIRST_START_SECONDS,
    FRESH_FUNCTION,
    FRESH_PATH,
    FUNCTION,
    FunctionsFramework,
    GREETING,
    HANDLER,
    START_SECONDS,
    Sluice,
    check,
    environment,
    peer_python,
)

# In one round, of each side. A call that loads much takes some 200 ms.
PROCESSES = 50
HEAVY_PROCESSES = 10
FORKS = 200
CALLS = 200
WARM_UP_CALLS = 20
DEPLOYS = 10
PROCESS_STARTS = 5

# Live instances of the example memory, and processes beside them.
LIVE = 200
# So many servers of the peer are started, and LIVE of them reckoned from that.
SERVERS = 10

JAVASCRIPT_FUNCTION, JAVASCRIPT_PATH = "apig_demo_js", "/javascript"

# A process of CPython without what the handler does not need: no site-packages, no settings.
BARE = ["-S", "-E", "-c"]
CALL = "import json, {0} as function; print(json.dumps(function.handler({{}}, None)), flush=True)"
WAIT = "; import sys; sys.stdin.read()"

# The Python that runs this is the peer.
NATIVE = f"CPython {platform.python_version()}"


class Bench:
    """What the measurements need: each thing is made when it is first asked for, and all of it
    is gone when the stack is closed."""

    def __init__(self, binary: Path, examples: Path, data: Path, logs: Path, stack: contextlib.ExitStack):
        self.binary = binary
        self.examples = examples
        self.data = data
        self.logs = logs
        self.stack = stack
        self.round = 0
        self.printed: dict[str, tuple[int, str]] = {}
        # Not that of a virtual environment, which takes longer to start.
        self.native = Path(getattr(sys, "_base_executable", sys.executable))
        for handler in (HANDLER, PEERS / "heavy.py", PEERS / "forks.py"):
            shutil.copy(handler, data)

    @functools.cached_property
    def python(self) -> Path:
        return peer_python(OUT / "venv")

    @functools.cached_property
    def wasmtime(self) -> Path:
        return wasmtime_of(self.python)

    @functools.cached_property
    def component(self) -> Path:
        return component_of(HANDLER, self.python, self.wasmtime, OUT / "components")

    @functools.cached_property
    def heavy_component(self) -> Path:
        return component_of(PEERS / "heavy.py", self.python, self.wasmtime, OUT / "components")

    @functools.cached_property
    def workerd(self) -> Path:
        return workerd_of(OUT / "npm")

    @functools.cached_property
    def sluice(self) -> Sluice:
        """The server with its functions, started."""
        sluice = Sluice(self.binary, self.data / "sluice", self.logs / "sluice.txt")
        self.stack.callback(sluice.stop)
        sluice.add_administrator()
        progress("Starting Sluice; its first start compiles the runtimes …")
        sluice.start(FIRST_START_SECONDS)
        console = sluice.console()
        sluice.publish(console)
        console.create_function(JAVASCRIPT_FUNCTION, "JavaScript")
        console.deploy(JAVASCRIPT_FUNCTION, (PEERS / "handler.js").read_text(), "index.js")
        console.create_trigger(JAVASCRIPT_FUNCTION, JAVASCRIPT_PATH, sluice.group_id)
        console.fresh_instances(JAVASCRIPT_FUNCTION)
        console.wait_for_snapshot(FRESH_FUNCTION)
        return sluice

    def example(self, name: str) -> str:
        """What the example printed in this round: it runs once in each."""
        number, printed = self.printed.get(name, (0, ""))
        if number != self.round:
            printed = run_example(self.examples / name, self.data)
            self.printed[name] = self.round, printed
        return printed

    def python_log(self):
        return (self.logs / "python.txt").open("ab")


@dataclass
class Measurement:
    """Sides that are measured in turn. A side gives figures by the labels of their lines."""

    # What has to be there before the first round, by its name in Bench.
    needs: list[str]
    sides: list[Callable[[Bench], dict[str, float]]]
    # The lines of each table, by its title. The first is what the others are compared with.
    tables: dict[str, list[str]]


def cold_start_of(bench: Bench, name: str) -> float:
    return figure(parse_times(bench.example("cold_start")), name, "cold_start")


def processes(bench: Bench, command: list, count: int, expected: bytes) -> float:
    """The median time of a process for each call, from its start to its end, when all that
    it prints is there."""
    took, env = [], environment()
    with bench.python_log() as log:
        for _ in range(count):
            began = time.perf_counter()
            done = subprocess.run(
                command,
                cwd=bench.data,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                timeout=START_SECONDS,
            )
            took.append((time.perf_counter() - began) * 1000)
            if done.returncode != 0 or expected not in done.stdout:
                raise Failed(f"{shlex.join(map(str, command))} gave {done.returncode} and {done.stdout[-500:]!r}")
    return statistics.median(took)


def calls(name: str, target: Target) -> float:
    """The median time of calls by one caller."""
    check(name, target)
    caller = Caller(target)
    took = []
    try:
        for _ in range(WARM_UP_CALLS + CALLS):
            answer = caller.call()
            if answer.status != 200 or GREETING not in answer.body:
                raise Failed(f"{name} answered with {answer.status}: {answer.body[:500]!r}")
            took.append(answer.took_ms)
    finally:
        caller.close()
    return statistics.median(took[WARM_UP_CALLS:])


# Fresh instances, in process and by processes.

IN_PROCESS = "Sluice, in process, from a snapshot"
RESET = "Sluice, in process, a used one made new"
PROCESS_EACH = f"{NATIVE}, a process for each call"
FORK_EACH = f"{NATIVE}, a fork of a warm one for each call"
WASMTIME_EACH = "wasmtime run, a process for each call"


def fresh_sluice(bench: Bench) -> dict:
    return {
        IN_PROCESS: cold_start_of(bench, "the demo: cold call from snapshot"),
        RESET: cold_start_of(bench, "call with an instance of its own, one each 5 ms"),
    }


def fresh_processes(bench: Bench) -> dict:
    return {PROCESS_EACH: processes(bench, [bench.native, *BARE, CALL.format("handler")], PROCESSES, GREETING)}


def fresh_forks(bench: Bench) -> dict:
    with bench.python_log() as log:
        done = subprocess.run(
            [bench.native, "-S", "-E", "forks.py", str(FORKS)],
            cwd=bench.data,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=START_SECONDS,
        )
    if done.returncode != 0:
        raise Failed(f"forks.py failed; {log.name} says why")
    return {FORK_EACH: statistics.median(json.loads(done.stdout.splitlines()[-1]))}


def fresh_wasmtime(bench: Bench) -> dict:
    return {WASMTIME_EACH: processes(bench, run_command(bench.wasmtime, bench.component), PROCESSES, GREETING)}


# Fresh instances behind HTTP.

TRIGGER_URL = "Sluice, trigger URL"
SERVE = "wasmtime serve"


def served_sluice(bench: Bench) -> dict:
    return {TRIGGER_URL: calls(TRIGGER_URL, bench.sluice.target(path=FRESH_PATH))}


def served_wasmtime(bench: Bench) -> dict:
    return served_peer(WasmtimeServe(bench.wasmtime, bench.component, bench.logs / "wasmtime.txt"), SERVE)


def served_peer(server: WasmtimeServe | Workerd, label: str) -> dict:
    try:
        server.start()
        return {label: calls(label, server.target())}
    finally:
        server.stop()


JAVASCRIPT_URL = "Sluice, trigger URL, JavaScript"
WORKERD = "workerd, an isolate that is loaded anew"


def javascript_sluice(bench: Bench) -> dict:
    return {JAVASCRIPT_URL: calls(JAVASCRIPT_URL, bench.sluice.target(path=JAVASCRIPT_PATH))}


def javascript_workerd(bench: Bench) -> dict:
    return served_peer(Workerd(bench.workerd, bench.logs / "workerd.txt"), WORKERD)


# A function that takes long to load.

HEAVY_SNAPSHOT = "Sluice, in process, its snapshot"
HEAVY_SOURCE = "Sluice, in process, before it has one"
HEAVY_PROCESS = f"{NATIVE}, a process that loads it"
HEAVY_WASMTIME = "wasmtime run, loaded when it was built"


def heavy_sluice(bench: Bench) -> dict:
    return {
        HEAVY_SNAPSHOT: cold_start_of(bench, "16 imports and a large dict: cold call from snapshot"),
        HEAVY_SOURCE: cold_start_of(bench, "16 imports and a large dict: cold call from source"),
    }


def heavy_processes(bench: Bench) -> dict:
    return {HEAVY_PROCESS: processes(bench, [bench.native, *BARE, CALL.format("heavy")], HEAVY_PROCESSES, b"77777")}


def heavy_wasmtime(bench: Bench) -> dict:
    command = run_command(bench.wasmtime, bench.heavy_component)
    return {HEAVY_WASMTIME: processes(bench, command, HEAVY_PROCESSES, b"77777")}


# From Deploy to the new code.

DEPLOYED = "Sluice, Deploy to the new answer"
PREPARED = "Sluice, Deploy to the snapshot"
RESTARTED = "functions-framework, start to the new answer"


def changed(mark: str) -> tuple[str, bytes]:
    """The handler with another greeting, and what its answer has in it then."""
    code, greeting = HANDLER.read_text(), GREETING.decode()
    new = greeting.replace("</p>", f" {mark}</p>")
    return code.replace(greeting, new), new.encode()


def call_until(name: str, target: Target, expected: bytes) -> None:
    """Calls again and again until the answer has this in it."""
    deadline = time.monotonic() + START_SECONDS
    caller = Caller(target)
    try:
        while expected not in (answer := caller.call()).body:
            if time.monotonic() > deadline:
                raise Failed(f"{name} still answers with {answer.status}: {answer.body[:500]!r}")
    finally:
        caller.close()


def deploys_of_sluice(bench: Bench) -> dict:
    console, target = bench.sluice.console(), bench.sluice.target()
    served, prepared = [], []
    for number in range(DEPLOYS):
        code, expected = changed(f"{bench.round}.{number}")
        began = time.perf_counter()
        console.deploy(FUNCTION, code)
        call_until(DEPLOYED, target, expected)
        served.append((time.perf_counter() - began) * 1000)
        console.wait_for_snapshot(FUNCTION, pause_s=0.002)
        prepared.append((time.perf_counter() - began) * 1000)
    return {DEPLOYED: statistics.median(served), PREPARED: statistics.median(prepared)}


def starts_of_functions_framework(bench: Bench) -> dict:
    took = []
    for number in range(PROCESS_STARTS):
        code, expected = changed(f"{bench.round}.{number}")
        with tempfile.TemporaryDirectory(prefix="source-", dir=bench.data) as folder:
            source = Path(folder, "peer.py")
            shutil.copy(BENCH / "peer.py", source)
            server = FunctionsFramework(bench.python, bench.logs / "peer.txt", source=source)
            try:
                began = time.perf_counter()
                source.with_name("handler.py").write_text(code)
                server.start()
                call_until(RESTARTED, server.target(), expected)
                took.append((time.perf_counter() - began) * 1000)
            finally:
                server.stop()
    return {RESTARTED: statistics.median(took)}


# Memory.

WARM = "Sluice, an instance that has served a call"
WORKER = "functions-framework, its worker"
WORKER_AND_MASTER = "functions-framework, the worker and its master"
PROCESS = f"{NATIVE}, a process that has served a call"


def memory_of_sluice(bench: Bench, line: str) -> dict:
    return figure(parse_memory(bench.example("memory")), line, "memory")


def waiting_processes(bench: Bench, count: int) -> list[Memory]:
    """What so many processes of CPython have, all at once, that have served a call and wait."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(bench.python_log())
        command = [bench.native, *BARE, CALL.format("handler") + WAIT]
        waiting = []
        for _ in range(count):
            process = subprocess.Popen(
                command, cwd=bench.data, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
            # Its standard input is closed then, and it ends.
            waiting.append(stack.enter_context(process))
        for process in waiting:
            printed = b""
            while b"statusCode" not in printed:
                printed = process.stdout.readline()
                if not printed:
                    raise Failed(f"a process of CPython did not wait; {log.name} says why")
        return [memory_of(process.pid) for process in waiting]


def warm_servers(bench: Bench, count: int) -> tuple[list[Memory], list[Memory]]:
    """What the masters and the workers of so many functions-frameworks have, all at once."""
    servers = [FunctionsFramework(bench.python, bench.logs / "peer.txt") for _ in range(count)]
    try:
        for server in servers:
            server.start()
            for _ in range(WARM_UP_CALLS):
                check(server.name, server.target())
        masters = [memory_of(server.pid) for server in servers]
        workers = [memory_of(worker) for server in servers for worker in children(server.pid)]
    finally:
        for server in servers:
            server.stop()
    if len(workers) != count:
        raise Failed(f"{count} functions-frameworks have {len(workers)} workers")
    return masters, workers


def warm_sluice(bench: Bench) -> dict:
    return {WARM: memory_of_sluice(bench, "each")["private"]}


def warm_process(bench: Bench) -> dict:
    return {PROCESS: waiting_processes(bench, 1)[0].private}


def warm_functions_framework(bench: Bench) -> dict:
    (master,), (worker,) = warm_servers(bench, 1)
    return {WORKER: worker.private, WORKER_AND_MASTER: master.private + worker.private}


# Each has a line in two tables.
ONCE, EACH_TIME = "what is shared counted once", "what is shared counted each time"
MANY = f"Sluice, 1000 functions, {LIVE} instances"
MANY_PROCESSES = f"{NATIVE}, {LIVE} processes"
MANY_SERVERS = f"functions-framework, {LIVE} (from {SERVERS})"


def many_sluice(bench: Bench) -> dict:
    memory = memory_of_sluice(bench, f"{LIVE} instances")
    return {f"{MANY}; {ONCE}": memory["pss"], f"{MANY}; {EACH_TIME}": memory["rss"]}


def many_processes(bench: Bench) -> dict:
    memory = sum_of(waiting_processes(bench, LIVE))
    return {f"{MANY_PROCESSES}; {ONCE}": memory.proportional, f"{MANY_PROCESSES}; {EACH_TIME}": memory.resident}


def many_servers(bench: Bench) -> dict:
    """Reckoned from a few: what is private grows with their number, what they share does not."""
    masters, workers = warm_servers(bench, SERVERS)
    memory = sum_of(masters + workers)
    once = memory.proportional - memory.private + memory.private * LIVE / SERVERS
    return {f"{MANY_SERVERS}; {ONCE}": once, f"{MANY_SERVERS}; {EACH_TIME}": memory.resident * LIVE / SERVERS}


def sum_of(memories: list[Memory]) -> Memory:
    return sum(memories, Memory(0, 0, 0))


MEASUREMENTS = {
    "fresh": Measurement(
        ["component"],
        [fresh_sluice, fresh_processes, fresh_forks, fresh_wasmtime],
        {"A call in a fresh, isolated Python, ms": [IN_PROCESS, RESET, PROCESS_EACH, FORK_EACH, WASMTIME_EACH]},
    ),
    "served": Measurement(
        ["sluice", "component"],
        [served_sluice, served_wasmtime],
        {"The same behind HTTP, an instance for each call, ms": [TRIGGER_URL, SERVE]},
    ),
    "javascript": Measurement(
        ["sluice", "workerd"],
        [javascript_sluice, javascript_workerd],
        {"JavaScript behind HTTP, fresh for each call, ms": [JAVASCRIPT_URL, WORKERD]},
    ),
    "heavy": Measurement(
        ["heavy_component"],
        [heavy_sluice, heavy_processes, heavy_wasmtime],
        {
            "First call of a function with 16 imports and a dict of 200,000, ms": [
                HEAVY_SNAPSHOT,
                HEAVY_SOURCE,
                HEAVY_PROCESS,
                HEAVY_WASMTIME,
            ]
        },
    ),
    "deploy": Measurement(
        ["sluice", "python"],
        [deploys_of_sluice, starts_of_functions_framework],
        {"New code, ms": [DEPLOYED, PREPARED, RESTARTED]},
    ),
    "warm": Measurement(
        ["python"],
        [warm_sluice, warm_process, warm_functions_framework],
        {"Private memory of what is warm, MB": [WARM, PROCESS, WORKER, WORKER_AND_MASTER]},
    ),
    "many": Measurement(
        ["python"],
        [many_sluice, many_processes, many_servers],
        {
            f"Memory of many functions, {of}, MB": [f"{label}; {of}" for label in (MANY, MANY_PROCESSES, MANY_SERVERS)]
            for of in (ONCE, EACH_TIME)
        },
    ),
}
