"""What `zlib` and those who use it do, as data that can be compared: the test runs this file
in a function and in the Python of this machine. `given` are the streams that the other made."""

import base64
import codecs
import gzip
import io
import json
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib

TEXT = b"".join(b"line %d of a text that repeats itself\n" % n for n in range(3000))
# As good as random, and the same everywhere.
NOISE = b"".join(zlib.crc32(b"%d" % n).to_bytes(4, "big") for n in range(8000))
DICTIONARY = b"a text that repeats itself\nline of"
WBITS = (15, 9, -15, -9, 31, 25)


def streams():
    """Compressed streams, by what they are of."""
    made = {}
    for wbits in WBITS:
        for level in (-1, 0, 1, 9):
            for name, data in (("text", TEXT), ("noise", NOISE), ("empty", b"")):
                made[f"{name} {wbits} {level}"] = zlib.compress(data, level, wbits=wbits)
    for strategy in range(5):
        for memory in (1, 9):
            c = zlib.compressobj(6, zlib.DEFLATED, 15, memory, strategy)
            made[f"text 15 {strategy} {memory}"] = c.compress(TEXT) + c.flush()
    for wbits in (15, -15):
        c = zlib.compressobj(wbits=wbits, zdict=DICTIONARY)
        made[f"dictionary {wbits}"] = c.compress(TEXT) + c.flush()
    for mode in range(6):
        c = zlib.compressobj()
        parts = [c.compress(TEXT[:1000]), c.flush(mode) if mode != zlib.Z_FINISH else b""]
        made[f"flushed 15 {mode}"] = b"".join(parts) + c.compress(TEXT[1000:]) + c.flush()
    made["gzip"] = gzip.compress(TEXT, mtime=0) + gzip.compress(NOISE, mtime=0)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/text.txt", TEXT)
        archive.writestr("noise", NOISE, compresslevel=9)
    made["zip"] = file.getvalue()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo("text.txt")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    made["tar"] = file.getvalue()
    return made


def check(name, stream):
    """Takes a stream apart in every way there is."""
    kind, *rest = name.split()
    if kind == "gzip":
        assert gzip.decompress(stream) == TEXT + NOISE
        with gzip.open(io.BytesIO(stream)) as file:
            assert file.read(10) == TEXT[:10]
            assert file.seek(len(TEXT) + 7) and file.read(5) == NOISE[7:12] and file.read() == NOISE[12:]
        return
    if kind == "zip":
        with zipfile.ZipFile(io.BytesIO(stream)) as archive:
            assert archive.testzip() is None and archive.namelist() == ["a/text.txt", "noise"]
            assert archive.read("a/text.txt") == TEXT and archive.open("noise").read(9) == NOISE[:9]
        return
    if kind == "tar":
        with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
            assert archive.extractfile("text.txt").read() == TEXT
        return
    wbits = int(rest[0])
    data = {"noise": NOISE, "empty": b""}.get(kind, TEXT)
    if kind == "dictionary":
        d = zlib.decompressobj(wbits, zdict=DICTIONARY)
        assert d.decompress(stream + b"tail") == data and d.unused_data == b"tail" and d.eof
        return
    assert zlib.decompress(stream, wbits) == data, name
    if wbits > 0:
        assert zlib.decompress(stream, wbits % 16 + 32) == data, name
    d, parts = zlib.decompressobj(wbits), []
    for start in range(0, len(stream), 5000):
        parts.append(d.decompress(stream[start : start + 5000], 3000))
        while d.unconsumed_tail:
            parts.append(d.decompress(d.unconsumed_tail, 3000))
            assert len(parts[-1]) <= 3000
    parts.append(d.flush())
    assert b"".join(parts) == data and d.eof and d.unused_data == b"", name
    d = zlib.decompressobj(wbits)
    assert d.decompress(stream + b"more") + d.decompress(b"!") == data and d.unused_data == b"more!"


def outcome(do):
    try:
        result = do()
    except Exception as raised:
        kind = type(raised)
        return f"{kind.__module__}.{kind.__qualname__}: {raised}".replace("memoryview: ", "")
    return repr(result)


def after(stream, *calls):
    for call in calls:
        result = call(stream)
    return result


def outcomes():
    """What small calls give or raise."""
    whole = zlib.compress(TEXT)
    preset = zlib.compressobj(zdict=DICTIONARY)
    preset = preset.compress(TEXT) + preset.flush()
    synced = zlib.compressobj()
    synced = synced.compress(b"some text") + synced.flush(zlib.Z_SYNC_FLUSH)
    cases = {
        "sums": lambda: [zlib.crc32(NOISE), zlib.crc32(b"", 7), zlib.crc32(TEXT, 99), zlib.adler32(NOISE),
                         zlib.adler32(b""), zlib.adler32(TEXT, 99), zlib.adler32(b"x", -1), zlib.adler32(b"x", 2**40)],
        "views": lambda: zlib.decompress(memoryview(zlib.compress(memoryview(TEXT)[::3])))[:20],
        "bytearray": lambda: zlib.decompress(bytearray(zlib.compress(bytearray(b"abc")))),
        "constants": lambda: [(n, getattr(zlib, n)) for n in dir(zlib) if n[:2] == "Z_" or n[:3] in ("DEF", "MAX")],
        "level": lambda: zlib.compress(b"a", 10),
        "huge level": lambda: zlib.compressobj(2**31 - 1),
        "wbits": lambda: zlib.compress(b"a", wbits=3),
        "raw wbits": lambda: zlib.compressobj(wbits=-8),
        "in wbits": lambda: zlib.decompress(b"a", wbits=3),
        "object level": lambda: zlib.compressobj(10),
        "object method": lambda: zlib.compressobj(method=7),
        "object memory": lambda: zlib.compressobj(memLevel=10),
        "in object": lambda: zlib.decompressobj(wbits=100),
        "text": lambda: zlib.compress("abc"),
        "in text": lambda: zlib.decompress("abc"),
        "dictionary": lambda: zlib.decompressobj(zdict="abc"),
        "size": lambda: zlib.decompress(whole, bufsize=-1),
        "nothing": lambda: zlib.decompress(b""),
        "garbage": lambda: zlib.decompress(b"abcdef"),
        "short": lambda: zlib.decompress(whole[:-1]),
        "sum": lambda: zlib.decompress(whole[:-1] + b"x"),
        "block": lambda: zlib.decompress(b"\x78\x9c\x07\x07\x07"),
        "raw block": lambda: zlib.decompressobj(-15).decompress(b"\x07\x07"),
        "damaged": lambda: damaged(whole),
        "no dictionary": lambda: zlib.decompress(preset),
        "other dictionary": lambda: zlib.decompressobj(zdict=b"other").decompress(preset),
        "object garbage": lambda: zlib.decompressobj().decompress(b"garbage"),
        "synced": lambda: after(zlib.decompressobj(), lambda d: (d.decompress(synced), d.eof, d.flush())),
        "not ended": lambda: after(zlib.decompressobj(), lambda d: d.decompress(whole[:-8]), lambda d: (d.flush(), d.eof)),
        "length": lambda: zlib.decompressobj().flush(0),
        "maximum": lambda: zlib.decompressobj().decompress(b"", -1),
        "compressed after the end": lambda: after(zlib.compressobj(), lambda c: c.flush(), lambda c: c.compress(b"a")),
        "flushed after the end": lambda: after(zlib.compressobj(), lambda c: c.flush(), lambda c: c.flush()),
        "no flush": lambda: zlib.compressobj().flush(zlib.Z_NO_FLUSH),
        "flush mode": lambda: zlib.compressobj().flush(17),
        "types": lambda: [type(zlib.compressobj()), type(zlib.decompressobj()), zlib.error, zlib.error.__mro__[1]],
        "construct": lambda: type(zlib.compressobj())(),
        "codec": lambda: codecs.decode(codecs.encode(TEXT, "zlib"), "zlib") == TEXT,
        "archive": archive,
        "gzip cut": lambda: gzip.decompress(gzip.compress(TEXT)[:-9])[:0],
        "gzip damaged": lambda: gzip.decompress(gzip.compress(TEXT)[:-8] + b"damaged!")[:0],
        "no gzip": lambda: gzip.decompress(b"no gzip at all"),
    }
    return {name: outcome(do) for name, do in cases.items()}


def damaged(stream):
    """Where it is noticed differs, because compressors do."""
    for place in range(2, len(stream), 97):
        bad = bytearray(stream)
        bad[place] ^= 0x55
        try:
            zlib.decompress(bad)
        except zlib.error:
            continue
        return f"byte {place} can be changed"
    return "all is noticed"


def archive():
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as target:
        with open(f"{folder}/file", "wb") as file:
            file.write(TEXT)
        formats = [name for name, _ in shutil.get_archive_formats()]
        made = [shutil.make_archive(f"{target}/x", form, folder) for form in ("gztar", "zip")]
        shutil.unpack_archive(made[0], f"{target}/out")
        with open(f"{target}/out/file", "rb") as file:
            return ["gztar" in formats, "zip" in formats, file.read() == TEXT]


def handler(given, context):
    for name, stream in given.items():
        check(name, base64.b64decode(stream))
    own = streams()
    for name, stream in own.items():
        check(name, stream)
    encoded = {name: base64.b64encode(stream).decode() for name, stream in own.items()}
    return {"outcomes": outcomes(), "streams": encoded, "checked": len(given)}


if __name__ == "__main__":
    print(json.dumps(handler(json.load(sys.stdin), None)))
