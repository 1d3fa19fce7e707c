"""Runs the executor's examples and reads what they print."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from load import Failed
from servers import STOP_SECONDS, environment

# A debug build compiles the Python runtime slowly.
EXAMPLE_SECONDS = 1800

UNITS_IN_MS = {"ns": 1e-6, "µs": 0.001, "ms": 1.0, "s": 1000.0}


def run_example(program: Path, folder: Path) -> str:
    """What an example prints. It keeps its files in the folder."""
    more = {name: os.environ[name] for name in ("SLUICE_RUNTIMES_DIR",) if name in os.environ}
    # It has a group of its own: what it starts ends with it.
    process = subprocess.Popen(
        [program],
        env=environment(TMPDIR=str(folder), **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            printed, errors = process.communicate(timeout=EXAMPLE_SECONDS)
        except BaseException:
            end_group(process)
            raise
    # At its very end it may meet the folders of instances that are going, and fail to remove its own.
    if process.returncode != 0 and "DirectoryNotEmpty" not in errors:
        raise Failed(f"the example {program.name} failed: {errors[-2000:]}")
    return printed


def end_group(process: subprocess.Popen) -> None:
    """Kills a process with those that it started, and waits until none of them writes files."""
    deadline = time.monotonic() + STOP_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(0.01)


def parse_times(printed: str) -> dict[str, float]:
    """The p50 of each figure of the example cold_start, in milliseconds.

    >>> parse_times('''second start: 103.1ms
    ... the demo: cold call from snapshot: p50 2.05ms, p90 2.34ms, p99 4.65ms
    ... warm call: p50 44.1µs, p90 74µs, p99 151µs
    ... ''')
    {'the demo: cold call from snapshot': 2.05, 'warm call': 0.0441}
    """
    lines = re.findall(r"^(.+): p50 ([\d.]+)(ns|µs|ms|s), ", printed, re.MULTILINE)
    return {name: round(float(value) * UNITS_IN_MS[unit], 6) for name, value, unit in lines}


def parse_memory(printed: str) -> dict[str, dict[str, float]]:
    """The figures of the example memory, in MB, by how their lines begin.

    >>> parse_memory('''1000 functions, restored in 2.6s: 52.91 MB, 50.52 MB of it private; 57.57 MB with what is shared counted each time
    ...   each 1.92 MB, 1.88 MB of it private; 8.49 MB with what is shared counted each time
    ... ''')
    {'1000 functions': {'pss': 52.91, 'private': 50.52, 'rss': 57.57}, 'each': {'pss': 1.92, 'private': 1.88, 'rss': 8.49}}
    """
    line = r"^ *(\d+ \w+|\w+)\b.*?([\d.]+) MB, ([\d.]+) MB of it private; ([\d.]+) MB"
    found = re.findall(line, printed, re.MULTILINE)
    return {name: dict(zip(("pss", "private", "rss"), map(float, values))) for name, *values in found}


def figure(figures: dict, name: str, example: str):
    """One of them, which the example has to have printed."""
    if name not in figures:
        raise Failed(f"the example {example} printed no figure {name!r}, but {sorted(figures)}")
    return figures[name]
