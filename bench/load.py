"""Measures a server from outside: a load by wrk, single calls over one connection, and what a process
has of the processor and of memory."""

import http.client
import os
import re
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

# wrk has one thread: on a machine with few cores it must leave some to the server.
WRK_THREADS = 1

UNITS_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}


class Failed(Exception):
    """Why nothing was measured; its text is for the user."""


@dataclass
class Target:
    """Where and how one side is called."""

    scheme: str
    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{self.path}"


def wrk_command(target: Target, connections: int, seconds: int) -> list[str]:
    """The command that puts a load on the target."""
    headers = [part for name, value in target.headers.items() for part in ("-H", f"{name}: {value}")]
    threads = min(WRK_THREADS, connections)
    return ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", *headers, target.url]


def parse_wrk(output: str) -> dict:
    """What wrk printed, as numbers.

    >>> parsed = parse_wrk('''Running 1s test @ http://127.0.0.1:1/
    ...   1 threads and 16 connections
    ...   Latency Distribution
    ...      50%    1.50ms
    ...      75%    2.00ms
    ...      90%  900.00us
    ...      99%    0.01s
    ...   4020 requests in 1.00s, 1.00MB read
    ...   Socket errors: connect 0, read 2, write 0, timeout 1
    ...   Non-2xx or 3xx responses: 7
    ... Requests/sec:   4013.66
    ... ''')
    >>> parsed["requests"], parsed["requests_per_second"], parsed["p50_ms"], parsed["p99_ms"]
    (4020, 4013.66, 1.5, 10.0)
    >>> parsed["not_2xx"], parsed["socket_errors"]
    (7, 3)
    """

    def found(pattern: str) -> re.Match:
        match = re.search(pattern, output)
        if not match:
            raise Failed(f"wrk printed something unexpected:\n{output}")
        return match

    def percentile(percent: int) -> float:
        value, unit = found(rf"\n\s+{percent}%\s+([\d.]+)(us|ms|s|m|h)\b").groups()
        return round(float(value) * UNITS_IN_MS[unit], 4)

    not_2xx = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    return {
        "requests": int(found(r"(\d+) requests in ")[1]),
        "requests_per_second": float(found(r"Requests/sec:\s+([\d.]+)")[1]),
        "p50_ms": percentile(50),
        "p99_ms": percentile(99),
        "not_2xx": int(not_2xx[1]) if not_2xx else 0,
        "socket_errors": sum(map(int, errors.groups())) if errors else 0,
    }


def run_wrk(target: Target, connections: int, seconds: int) -> dict:
    """Puts a load on the target. Answers other than 2xx spoil the measurement."""
    command = wrk_command(target, connections, seconds)
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode != 0:
        raise Failed(f"wrk failed: {done.stdout}{done.stderr}")
    measured = parse_wrk(done.stdout)
    if measured["not_2xx"] or not measured["requests"]:
        raise Failed(f"{target.url} did not answer every request with 200:\n{done.stdout}")
    return measured


@dataclass
class Answer:
    """An answer and how long it took to come, in milliseconds."""

    status: int
    body: bytes
    request_id: str | None
    took_ms: float


class Caller:
    """Calls a target over one connection that stays open."""

    def __init__(self, target: Target, timeout: float = 60):
        self.target = target
        if target.scheme == "https":
            # Whose certificate it is does not matter here, and wrk does not look either.
            unchecked = ssl.create_default_context()
            unchecked.check_hostname = False
            unchecked.verify_mode = ssl.CERT_NONE
            self.connection = http.client.HTTPSConnection("127.0.0.1", target.port, timeout=timeout, context=unchecked)
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=timeout)

    def call(self, path: str | None = None) -> Answer:
        """One call, from the first byte sent to the last byte received."""
        began = time.perf_counter()
        self.connection.request("GET", path or self.target.path, headers=self.target.headers)
        response = self.connection.getresponse()
        body = response.read()
        took_ms = (time.perf_counter() - began) * 1000
        return Answer(response.status, body, response.headers.get("x-request-id"), took_ms)

    def wake(self) -> None:
        """Sees to it that the connection is open, without calling the function: the
        server may have closed it while it was idle."""
        try:
            self.call("/not-published")
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.call("/not-published")

    def close(self) -> None:
        self.connection.close()


def busy_seconds() -> float | None:
    """CPU time of everything on this machine since its start, on all cores, or none where
    there is no /proc."""
    try:
        fields = Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float | None:
    """CPU time of a process and of those it started, or none where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return own + sum(cpu_seconds(child) or 0 for child in children(pid))
    except OSError:
        return None


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Memory:
    """What Linux says of a process, in MB."""

    # With all that several processes share, as often as they do.
    resident: float
    # With a part of what several processes share, so that all together have it once.
    proportional: float
    private: float

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(
            self.resident + other.resident, self.proportional + other.proportional, self.private + other.private
        )


def parse_smaps(text: str) -> Memory:
    """A file smaps_rollup, as numbers.

    >>> parse_smaps('''55f8-7ffd ---p 00000000 00:00 0  [rollup]
    ... Rss:                4096 kB
    ... Pss:                2048 kB
    ... Pss_Dirty:           700 kB
    ... Private_Clean:       512 kB
    ... Private_Dirty:       512 kB
    ... ''')
    Memory(resident=4.0, proportional=2.0, private=1.0)
    """
    kilobytes = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, private / 1024)


def memory_of(pid: int) -> Memory:
    """What a process has of this machine's memory."""
    return parse_smaps(Path(f"/proc/{pid}/smaps_rollup").read_text())
