"""What the commands have in common: where things are, what they say about the machine, and how
figures are put together."""

import argparse
import contextlib
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "target" / "bench"


def number_from(low: int, high: int):
    """The type of an option that is a number within these bounds."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"must be a number from {low} to {high}")
        return int(text)

    return parse


def one_line(command: list) -> str:
    """The first line that a command prints, or none."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    return (done.stdout.strip() or done.stderr.strip()).partition("\n")[0]


def machine() -> dict:
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def machine_line(on: dict) -> str:
    return f"{on['system']}, {on['cores']} cores, {on['processor']}; load average before: {on['load_before']}"


def sluice_versions(binary: Path) -> dict:
    commit = one_line(["git", "rev-parse", "--short", "HEAD"])
    return {
        "sluice": one_line([binary, "--version"]).removeprefix("sluice "),
        "build": "debug" if "debug" in binary.parts else "release",
        "checkout": commit + ("+changes" if one_line(["git", "status", "--porcelain", "-uno"]) else ""),
    }


def sluice_line(used: dict) -> str:
    return f"Sluice {used['sluice']} ({used['build']} build, checkout {used['checkout']})"


def spread(values: list[float]) -> dict:
    return {
        "p50": round(statistics.median(values), 3),
        "lowest": round(min(values), 3),
        "highest": round(max(values), 3),
    }


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
