#!/usr/bin/env python3
"""Measures how fast a function computes, beside a native CPython 3.12.

README.md says what is claimed and how to read it.
"""

import argparse
import contextlib
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from common import OUT, ROOT
from load import Caller, Failed
from servers import FIRST_START_SECONDS, Sluice, environment

TASKS = Path(__file__).with_name("cpu_tasks.py")
FUNCTION, PATH = "cpu_tasks", "/cpu"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, choices=range(1, 51), metavar="1-50", default=5, help="runs on each side (5)")
    parser.add_argument("--binary", default="target/release/sluice", help="which sluice (target/release/sluice)")
    parser.add_argument("--python", default="python3.12", help="the native CPython (python3.12)")
    return parser.parse_args()


def native(python: str) -> dict:
    done = subprocess.run([python, TASKS], env=environment(), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failed(f"{python} failed: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def in_function(sluice: Sluice) -> dict:
    caller = Caller(sluice.target(path=PATH))
    try:
        answer = caller.call()
    finally:
        caller.close()
    if answer.status != 200:
        raise Failed(f"the function answered with {answer.status}: {answer.body[:500]!r}")
    return json.loads(answer.body)


def measure(args: argparse.Namespace) -> dict:
    binary = (ROOT / args.binary).resolve()
    version = subprocess.run([args.python, "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    logs = OUT / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="data-", dir=OUT)))
        sluice = Sluice(binary, data / "sluice", logs / "sluice.txt")
        stack.callback(sluice.stop)
        sluice.add_administrator()
        sluice.start(FIRST_START_SECONDS)
        console = sluice.console()
        console.create_function(FUNCTION)
        console.deploy(FUNCTION, TASKS.read_text())
        console.let_run(FUNCTION, 300)
        sluice.group_id = console.create_group()
        console.create_trigger(FUNCTION, PATH, sluice.group_id, 60_000)
        in_function(sluice)
        rounds = []
        for number in range(1, args.rounds + 1):
            here, there = in_function(sluice), native(args.python)
            for task, (_, result) in there.items():
                if here[task][1] != result:
                    raise Failed(f"{task} gives {here[task][1]!r} in a function and {result!r} natively")
            rounds.append({task: (here[task][0], took) for task, (took, _) in there.items()})
            print(f"round {number} of {args.rounds}", file=sys.stderr, flush=True)
    return {"native": version, "rounds": rounds}


def report(found: dict) -> str:
    rounds = found["rounds"]
    lines = [f"{'':<14}{'function ms':>12}{found['native'] + ' ms':>20}{'ratio':>8}{'lowest':>8}{'highest':>8}"]
    medians = []
    for task in rounds[0]:
        ratios = [one[task][0] / one[task][1] for one in rounds]
        medians.append(statistics.median(ratios))
        here, there = (statistics.median(one[task][side] for one in rounds) * 1000 for side in (0, 1))
        lines.append(f"{task:<14}{here:>12.2f}{there:>20.2f}{medians[-1]:>8.2f}{min(ratios):>8.2f}{max(ratios):>8.2f}")
    geometric = math.exp(statistics.fmean(map(math.log, medians)))
    lines.append(f"{'all':<14}{'':>32}{geometric:>8.2f}  (geometric mean of the ratios)")
    return "\n".join(lines)


def main() -> int:
    args = arguments()
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        found = measure(args)
    except Failed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    (OUT / "cpu.json").write_text(json.dumps(found, indent=2) + "\n")
    print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
