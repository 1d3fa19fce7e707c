"""Does what the event says, line by line, and tells what `/tmp` holds after each."""

import contextlib
import errno
import os
import shutil
import sys
import tempfile

BLOCK = 4096
QUOTA = 1 << 20

# The C library of Python 3.14 does not ask why a write failed and says that one did.
FULL = {errno.ENOSPC} if sys.version_info < (3, 14) else {errno.ENOSPC, errno.EIO}

held = []
probe = None


def used():
    """Bytes that count, but for those of the file that finds this out."""
    global probe
    if probe is None:
        probe = os.open("/tmp/probe", os.O_RDWR | os.O_CREAT)
    room, beyond = 0, QUOTA + 1
    while beyond - room > 1:
        middle = (room + beyond) // 2
        try:
            os.ftruncate(probe, middle)
            room = middle
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
            beyond = middle
    os.ftruncate(probe, 0)
    return QUOTA - room - BLOCK


def write(name, count, mode="wb"):
    with open(f"/tmp/{name}", mode) as file:
        file.write(b"x" * count)


def write_at(name, position):
    with open(f"/tmp/{name}", "r+b", buffering=0) as file:
        file.seek(position)
        file.write(b"x")


def hold(name="held", count=0, mode="wb"):
    file = open(f"/tmp/{name}", mode, buffering=0)
    held.append(file)
    while count:
        count -= file.write(b"x" * min(count, BLOCK))


def hide(count):
    while True:
        hold("hidden")
        os.unlink("/tmp/hidden")
        while count and held[-1].tell() < count:
            held[-1].write(b"x" * BLOCK)


def many(make):
    for number in range(100_000):
        make(f"/tmp/many/{number}")


def deep():
    path = "/tmp/many"
    while True:
        path += "/d"
        os.mkdir(path)


def lines():
    try:
        with open("/tmp/lines", "w") as file:
            file.writelines(f"line {number}\n" for number in range(1_000_000))
    finally:
        os.unlink("/tmp/lines")


def temporary(count):
    with tempfile.TemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "file"), "wb") as other:
            other.write(b"x" * count)
            file.write(b"x" * count)
            file.flush()


def database(rows):
    import sqlite3

    with contextlib.closing(sqlite3.connect("/tmp/data.db")) as connection, connection:
        connection.execute("create table t (text)")
        connection.executemany("insert into t values (?)", (["x" * 1000] for _ in range(rows)))
        count = connection.execute("select count(*) from t").fetchone()
        assert count == (rows,), count


def run(line):
    try:
        exec(line.removeprefix("! "), globals())
        full = False
    except Exception as error:
        full = getattr(error, "errno", None) in FULL or "disk" in str(error)
        if not full:
            raise
    assert full == line.startswith("! "), f"there was {'no ' if full else ''}room for {line}"
    return used()


def handler(event, context):
    used()
    return [[line, run(line)] for line in event]
