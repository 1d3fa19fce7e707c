#!/usr/bin/env python3
"""Measures how fast Sluice answers a trigger URL, beside functions-framework.

README.md says what is claimed and how to read it.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import shlex
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from common import OUT, ROOT, machine, machine_line, number_from, one_line, progress, sluice_line, sluice_versions, spread
from load import Caller, Failed, busy_seconds, cpu_seconds, run_wrk, wrk_command
from servers import (
    FIRST_START_SECONDS,
    FRESH_FUNCTION,
    FRESH_PATH,
    FUNCTION,
    FunctionsFramework,
    HANDLER,
    Server,
    Sluice,
    check,
    peer_python,
)

WARM_UP_SECONDS = 2
COLD_STARTS = 30
PROCESS_STARTS = 5

# Records are shown a moment after the answer; behind a load it may be a longer one.
RECORDS_SECONDS = 30


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=number_from(1, 600), default=5, help="length of one load (5)")
    parser.add_argument("--rounds", type=number_from(1, 100), default=5, help="loads on each side (5)")
    parser.add_argument("--connections", type=number_from(1, 1000), default=16, help="connections kept open (16)")
    parser.add_argument("--binary", default="target/release/sluice", help="which sluice (target/release/sluice)")
    parser.add_argument("--tls", action="store_true", help="also put the load on Sluice over HTTPS")
    return parser.parse_args()


def versions(binary: Path, python: Path) -> dict:
    packages = [python, "-c", "from importlib.metadata import version as v; print(v('functions-framework'), v('gunicorn'))"]
    framework, gunicorn = one_line(packages).split()
    return sluice_versions(binary) | {
        "functions_framework": framework,
        "gunicorn": gunicorn,
        "peer_python": platform.python_version(),
        "wrk": one_line(["wrk", "--version"]).partition(" Copyright")[0].removeprefix("wrk "),
    }


def warm(sides: dict, args: argparse.Namespace) -> dict:
    """Loads on all sides in turn, so that what else the machine does meets each of them."""
    rounds: dict[str, list] = {name: [] for name in sides}
    for name, (_, target) in sides.items():
        check(name, target)
        run_wrk(target, args.connections, WARM_UP_SECONDS)
    for number in range(1, args.rounds + 1):
        for name, (server, target) in sides.items():
            measured = observed(server, lambda: run_wrk(target, args.connections, args.seconds))
            rounds[name].append(measured)
            rate = measured["requests_per_second"]
            progress(f"round {number} of {args.rounds}, {name}: {rate:,.0f} requests/s")
    return {name: {"median": medians(measured), "rounds": measured} for name, measured in rounds.items()}


def observed(server: Server, load) -> dict:
    """Runs a load; adds what CPU time it cost the server, and how many cores programs
    that have nothing to do with it took meanwhile."""

    def spent() -> tuple:
        of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic(), busy_seconds(), cpu_seconds(server.pid), of_children.ru_utime + of_children.ru_stime

    before = spent()
    try:
        measured = load()
    finally:
        server.require_running()
    after = spent()
    if None not in before + after:
        elapsed, busy, by_server, by_wrk = (late - early for early, late in zip(before, after))
        measured["cpu_us_per_request"] = round(by_server * 1e6 / measured["requests"], 1)
        measured["cores_taken_by_others"] = round(max(0.0, busy - by_server - by_wrk) / elapsed, 2)
    return measured


def medians(measured: list[dict]) -> dict:
    keys = [key for key in measured[0] if key not in ("requests", "not_2xx", "socket_errors")]
    medians = {key: round(statistics.median(one[key] for one in measured), 4) for key in keys}
    return medians | {"socket_errors": sum(one["socket_errors"] for one in measured)}


def cold_starts(sluice: Sluice, snapshot: bool) -> dict:
    """Deploys other code again and again, and times the first call of each: at once, where
    the instance has to load the code, or once there is a snapshot that it begins with."""
    console = sluice.console()
    caller = Caller(sluice.target())
    code = HANDLER.read_text()
    first, second = [], []
    try:
        for number in range(1, COLD_STARTS + 1):
            console.deploy(FUNCTION, f"{code}# deployed for cold start {number}, {snapshot}\n")
            if snapshot:
                console.wait_for_snapshot(FUNCTION)
            caller.wake()
            for answers in (first, second):
                answer = caller.call()
                if answer.status != 200:
                    raise Failed(f"a call after a deploy was answered with {answer.status}: {answer.body[:500]!r}")
                answers.append(answer)
            progress(f"cold start {number} of {COLD_STARTS}: {first[-1].took_ms:.1f} ms")
    finally:
        caller.close()
    records, lost = records_of(console, {answer.request_id for answer in first})
    if not all(record["cold_start_us"] for record in records):
        raise Failed("a first call after a deploy found an instance that was there already")
    return {
        "count": COLD_STARTS,
        "first_call_ms": spread([answer.took_ms for answer in first]),
        "second_call_ms": spread([answer.took_ms for answer in second]),
        "record_cold_start_ms": spread([record["cold_start_us"] / 1000 for record in records]),
        "record_handler_ms": spread([record["duration_us"] / 1000 for record in records]),
        "records_lost": lost,
    }


def records_of(console, wanted: set[str]) -> tuple[list[dict], int]:
    """The records that Sluice itself kept of these calls, and how many it lost."""
    deadline = time.monotonic() + RECORDS_SECONDS
    while True:
        listed = console.newest_requests(FUNCTION)
        found = [row for row in listed["rows"] if row["api_request_id"] in wanted]
        if len(found) == len(wanted):
            return found, listed["lost"]
        if time.monotonic() > deadline:
            raise Failed(f"the Request List has {len(found)} of {len(wanted)} cold starts after {RECORDS_SECONDS} s")
        time.sleep(0.25)


def process_starts(server: Server) -> dict:
    """Starts the process again and again, up to its first answer."""
    took = []
    for number in range(1, PROCESS_STARTS + 1):
        began = time.perf_counter()
        server.start()
        check(server.name, server.target())
        took.append((time.perf_counter() - began) * 1000)
        server.stop()
        progress(f"{server.name}, start {number} of {PROCESS_STARTS}: {took[-1]:.0f} ms")
    return {"count": PROCESS_STARTS, "first_answer_ms": spread(took)}


def measure(args: argparse.Namespace, binary: Path) -> dict:
    python = peer_python(OUT / "venv")
    logs = OUT / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    found = {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python3", "bench/gateway.py", *sys.argv[1:]]),
        "machine": machine(),
        "versions": versions(binary, python),
        "settings": {name: getattr(args, name) for name in ("seconds", "rounds", "connections")},
    }
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="data-", dir=OUT)))
        sluice = Sluice(binary, data / "sluice", logs / "sluice.txt")
        peer = FunctionsFramework(python, logs / "peer.txt")
        cores = os.cpu_count() or 1
        more_workers = [FunctionsFramework(python, logs / "peer-workers.txt", cores)] if cores > 1 else []
        for server in (sluice, peer, *more_workers):
            stack.callback(server.stop)

        sluice.add_administrator()
        progress("Starting Sluice; its first start compiles the Python runtime …")
        began = time.perf_counter()
        sluice.start(FIRST_START_SECONDS)
        found["first_start_s"] = round(time.perf_counter() - began, 2)
        sluice.publish(sluice.console())
        sluice.console().wait_for_snapshot(FRESH_FUNCTION)
        for server in (peer, *more_workers):
            server.start()

        sides = {server.name: (server, server.target()) for server in (sluice, peer, *more_workers)}
        sides["Sluice, an instance for each call"] = (sluice, sluice.target(path=FRESH_PATH))
        if args.tls:
            sides["Sluice, HTTPS"] = (sluice, sluice.target(tls=True))
        found["wrk_command"] = shlex.join(wrk_command(sluice.target(), args.connections, args.seconds))
        found["warm"] = warm(sides, args)
        rate = {name: side["median"]["requests_per_second"] for name, side in found["warm"].items()}
        found["ratio"] = {one.name: round(rate[sluice.name] / rate[one.name], 3) for one in (peer, *more_workers)}
        for server in (peer, *more_workers):
            server.stop()

        found["cold_start"] = cold_starts(sluice, snapshot=False)
        found["snapshot_start"] = cold_starts(sluice, snapshot=True)
        sluice.stop()
        found["process_start"] = {server.name: process_starts(server) for server in (sluice, peer)}
    return found


def report(found: dict) -> str:
    on, used, settings, cold = found["machine"], found["versions"], found["settings"], found["cold_start"]
    snapshot = found["snapshot_start"]
    warm_lines = [
        f"{name:<36}{one['median']['requests_per_second']:>10,.0f}"
        f"{min(r['requests_per_second'] for r in one['rounds']):>10,.0f}"
        f"{max(r['requests_per_second'] for r in one['rounds']):>10,.0f}"
        f"{one['median']['p50_ms']:>10.2f}{one['median']['p99_ms']:>10.2f}"
        f"{one['median'].get('cpu_us_per_request', float('nan')):>10.0f}"
        f"{one['median'].get('cores_taken_by_others', float('nan')):>10.2f}{one['median']['socket_errors']:>8}"
        for name, one in found["warm"].items()
    ]
    ratios = [f"Sluice answers {ratio:.2f} times the requests of {name}" for name, ratio in found["ratio"].items()]

    def times(label: str, values: dict) -> str:
        return f"{label:<52}{values['p50']:>10.2f}{values['lowest']:>10.2f}{values['highest']:>10.2f}"

    starts = [
        times("Sluice, first call after a deploy", cold["first_call_ms"]),
        times("  of it making the instance, as recorded", cold["record_cold_start_ms"]),
        times("  of it the handler, as recorded", cold["record_handler_ms"]),
        times("Sluice, the call after that one", cold["second_call_ms"]),
        times("Sluice, first call of an instance from a snapshot", snapshot["first_call_ms"]),
        times("  of it making the instance, as recorded", snapshot["record_cold_start_ms"]),
        times("  of it the handler, as recorded", snapshot["record_handler_ms"]),
    ]
    starts += [
        times(f"{name}, process start to first answer", one["first_answer_ms"])
        for name, one in found["process_start"].items()
    ]
    lines = [
        f"{found['date']}  {sluice_line(used)}",
        f"functions-framework {used['functions_framework']}, gunicorn {used['gunicorn']}, Python {used['peer_python']}; wrk {used['wrk']}",
        machine_line(on),
        "",
        f"Warm: {settings['connections']} connections, median of {settings['rounds']} rounds of {settings['seconds']} s each",
        f"{'':<36}{'req/s':>10}{'lowest':>10}{'highest':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU µs':>10}{'others':>10}{'errors':>8}",
        *warm_lines,
        *ratios,
        "",
        f"{f'Starts, ms: {COLD_STARTS} deploys, {PROCESS_STARTS} process starts each':<52}{'p50':>10}{'lowest':>10}{'highest':>10}",
        *starts,
        f"Sluice's very first start, which compiles the runtime: {found['first_start_s']:.1f} s; records lost: {cold['records_lost']}",
        "",
        f"Command: {found['command']}",
        f"Load:    {found['wrk_command']}",
    ]
    return "\n".join(lines)


def main() -> int:
    args = arguments()
    binary = (ROOT / args.binary).resolve()
    if not shutil.which("wrk"):
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 1
    if not binary.is_file():
        print(f"There is no {args.binary}: build it by cargo xtask build --release, or name another by --binary", file=sys.stderr)
        return 1
    # Ended from outside, the servers are stopped all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        found = measure(args, binary)
    except Failed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    (OUT / "gateway.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
