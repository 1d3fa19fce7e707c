#!/usr/bin/env python3
"""Measures how soon instances are there and what they have of memory, beside peers.

README.md says what is compared and how to read it.
"""

import argparse
import contextlib
import datetime
import json
import platform
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from common import OUT, ROOT, machine, machine_line, number_from, one_line, progress, sluice_line, sluice_versions, spread
from load import Failed
from measurements import MEASUREMENTS, Bench, Measurement


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=number_from(1, 100), default=5, help="measurements of each side (5)")
    parser.add_argument("--binary", default="target/release/sluice", help="which sluice (target/release/sluice)")
    folder = "target/release/examples"
    parser.add_argument("--examples", default=folder, help=f"where the executor's examples are ({folder})")
    names = ", ".join(MEASUREMENTS)
    only = f"one measurement, or several if given again: {names} (all)"
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, metavar="NAME", help=only)
    return parser.parse_args()


def versions(bench: Bench) -> dict:
    names = ("functions-framework", "gunicorn", "componentize-py")
    code = f"from importlib.metadata import version as v; print(*map(v, {names}))"
    found = dict(zip(names, one_line([bench.python, "-c", code]).split()))
    found |= {"python": platform.python_version(), "wasmtime": one_line([bench.wasmtime, "--version"])}
    if "workerd" in vars(bench):
        found["workerd"] = one_line([bench.workerd, "--version"]).removeprefix("workerd ")
    return sluice_versions(bench.binary) | found


def measure(args: argparse.Namespace, binary: Path, examples: Path) -> dict:
    chosen = {name: one for name, one in MEASUREMENTS.items() if not args.only or name in args.only}
    logs = OUT / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    on = machine()
    with contextlib.ExitStack() as stack:
        # What an example leaves of its files goes with the folder.
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="data-", dir=OUT)))
        bench = Bench(binary, examples, data, logs, stack)
        for need in dict.fromkeys(need for one in chosen.values() for need in one.needs):
            getattr(bench, need)
        rounds: dict[str, dict[str, list[float]]] = {name: {} for name in chosen}
        for bench.round in range(1, args.rounds + 1):
            for name, one in chosen.items():
                for side in one.sides:
                    for label, value in side(bench).items():
                        rounds[name].setdefault(label, []).append(round(value, 4))
                        progress(f"round {bench.round} of {args.rounds}, {label}: {value:,.2f}")
        return {
            "date": datetime.date.today().isoformat(),
            "command": shlex.join(["python3", "bench/instances.py", *sys.argv[1:]]),
            "machine": on,
            "versions": versions(bench),
            "settings": {"rounds": args.rounds},
            "measurements": {name: tables(MEASUREMENTS[name], values) for name, values in rounds.items()},
        }


def tables(measurement: Measurement, rounds: dict[str, list[float]]) -> list[dict]:
    """The figures of each line, and how many times those of the first line they are, round by round."""
    made = []
    for title, labels in measurement.tables.items():
        lines = []
        for label in labels:
            times = [value / first for value, first in zip(rounds[label], rounds[labels[0]])]
            # A label that stands in several tables says of which it is.
            line = {"label": label.partition(";")[0], "rounds": rounds[label], "figure": spread(rounds[label])}
            lines.append(line | ({"times": spread(times)} if lines else {}))
        made.append({"title": title, "lines": lines})
    return made


def report(found: dict) -> str:
    used = found["versions"]
    lines = [
        f"{found['date']}  {sluice_line(used)}",
        f"CPython {used['python']}; functions-framework {used['functions-framework']}, gunicorn {used['gunicorn']}",
        f"{used['wasmtime']}, componentize-py {used['componentize-py']}; workerd {used.get('workerd', 'not measured')}",
        machine_line(found["machine"]),
        f"Median of {found['settings']['rounds']} rounds, with the lowest and the highest; and how many times the first line it is",
    ]
    for table in (table for tables in found["measurements"].values() for table in tables):
        lines += ["", f"{table['title']:<70}{'median':>10}{'lowest':>10}{'highest':>10}{'times':>9}{'lowest':>9}{'highest':>9}"]
        for line in table["lines"]:
            figures = "".join(f"{value:>10,.2f}" for value in line["figure"].values())
            times = "".join(f"{value:>9,.2f}" for value in line["times"].values()) if "times" in line else ""
            lines.append(f"{line['label']:<70}{figures}{times}")
    return "\n".join([*lines, "", f"Command: {found['command']}"])


def main() -> int:
    args = arguments()
    binary, examples = (ROOT / args.binary).resolve(), (ROOT / args.examples).resolve()
    missing = [path for path in (binary, examples / "cold_start", examples / "memory") if not path.is_file()]
    if missing:
        print(f"There is no {missing[0]}: bench/README.md says how to build it", file=sys.stderr)
        return 1
    # Ended from outside, all that was started is stopped all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        found = measure(args, binary, examples)
    except Failed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    (OUT / "instances.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
