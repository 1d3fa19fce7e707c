"""The module `zlib`, for a Python that was built without it: the host compresses.

Every stream is worked on in steps, each of which takes and gives only some of it. So a
function that unpacks a bomb is stopped by its timeout or its memory, as by any other loop.
"""

import gc
import operator
import sys
from binascii import crc32

from wit_world.imports import compression as host

from .results import Err

__version__ = "1.0"
ZLIB_VERSION = "1.3.0"
ZLIB_RUNTIME_VERSION = "1.3.0.zlib-rs"

DEFLATED = 8
DEF_BUF_SIZE = 16384
DEF_MEM_LEVEL = 8
MAX_WBITS = 15
Z_NO_COMPRESSION, Z_BEST_SPEED, Z_BEST_COMPRESSION, Z_DEFAULT_COMPRESSION = 0, 1, 9, -1
Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED = range(5)
Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH, Z_BLOCK, Z_TREES = range(7)

# The host takes this much in a step and gives at most that much.
_INPUT_BYTES = 16 * 1024
_OUTPUT_BYTES = 64 * 1024

# zlib's numbers for what went wrong, and CPython's words where zlib has none.
_NEED_DICT, _STREAM_ERROR, _DATA_ERROR, _MEM_ERROR, _BUF_ERROR = 2, -2, -3, -4, -5
_WORDS = {
    _STREAM_ERROR: "inconsistent stream state",
    _DATA_ERROR: "invalid input data",
    _BUF_ERROR: "incomplete or truncated stream",
}


class error(Exception):
    """What zlib has against a stream."""


def adler32(data, value=1, /):
    """The Adler-32 checksum of `data`, going on from `value`."""
    value = operator.index(value) & 0xFFFFFFFF
    view = _bytes_of(data)
    for start in range(0, len(view), _OUTPUT_BYTES):
        value = host.adler32(bytes(view[start : start + _OUTPUT_BYTES]), value)
    return value


def compress(data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS):
    """`data` compressed."""
    view = _bytes_of(data)
    try:
        stream = _open(host.Compressor.create, level, wbits, DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY)
    except ValueError:
        raise error("Bad compression level") from None
    with stream:
        return b"".join(_deflate(stream, view, Z_FINISH, "compressing data"))


def decompress(data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE):
    """`data` decompressed; what follows its end is ignored."""
    view = _bytes_of(data)
    if bufsize < 0:
        raise ValueError("bufsize must be non-negative")
    try:
        stream = _open(host.Decompressor.create, wbits)
    except ValueError:
        raise _error(_STREAM_ERROR, "preparing to decompress data") from None
    with stream:
        inflating = _Inflating(stream, b"")
        result = b"".join(inflating.parts(view, None))
    if not inflating.ended:
        raise _error(_BUF_ERROR, "decompressing data")
    return result


def compressobj(
    level=Z_DEFAULT_COMPRESSION, method=DEFLATED, wbits=MAX_WBITS,
    memLevel=DEF_MEM_LEVEL, strategy=Z_DEFAULT_STRATEGY, zdict=None,
):
    """A compressor of a stream that comes in parts."""
    if method != DEFLATED:
        raise ValueError("Invalid initialization option")
    dictionary = None if zdict is None else bytes(_bytes_of(zdict))
    stream = _open(host.Compressor.create, level, wbits, memLevel, strategy)
    if dictionary is not None:
        try:
            stream.set_dictionary(dictionary)
        except Err:
            raise ValueError("Invalid dictionary") from None
    return Compress(stream, _made_here=True)


def decompressobj(wbits=MAX_WBITS, zdict=b""):
    """A decompressor of a stream that comes in parts."""
    return Decompress(_inflating(wbits, zdict), _made_here=True)


class Compress:
    """A stream that is being compressed; `compressobj` makes it."""

    def __init__(self, stream=None, *, _made_here=False):
        if not _made_here:
            raise TypeError("cannot create 'zlib.Compress' instances")
        self._stream = stream

    def compress(self, data, /):
        """Takes `data`; gives what of the result is there already."""
        view = _bytes_of(data)
        return b"".join(_deflate(self._stream, view, Z_NO_FLUSH, "compressing data"))

    def flush(self, mode=Z_FINISH, /):
        """Gives the rest of the result, and ends the stream unless `mode` says otherwise."""
        if mode == Z_NO_FLUSH:
            return b""
        result = b"".join(_deflate(self._stream, memoryview(b""), mode, "flushing"))
        if mode == Z_FINISH:
            _close(self._stream)
            self._stream = None
        return result

    def copy(self):
        """Not here: the host cannot copy the state of a stream."""
        raise _no_copy("compressor")

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        raise TypeError("cannot pickle 'zlib.Compress' object")


class Decompress:
    """A stream that is being decompressed; `decompressobj` makes it."""

    def __init__(self, inflating=None, *, _made_here=False):
        if not _made_here:
            raise TypeError("cannot create 'zlib.Decompress' instances")
        self._inflating = inflating
        self.unused_data = b""
        self.unconsumed_tail = b""
        self.eof = False

    def decompress(self, data, /, max_length=0):
        """Takes `data`; gives at most `max_length` bytes, or without it all that there are."""
        view = _bytes_of(data)
        if max_length < 0:
            raise ValueError("max_length must be non-negative")
        return self._run(view, max_length or None)

    def flush(self, length=DEF_BUF_SIZE, /):
        """Gives what `unconsumed_tail` still holds."""
        if length <= 0:
            raise ValueError("length must be greater than zero")
        return self._run(memoryview(self.unconsumed_tail), None)

    def _run(self, view, limit):
        if self.eof:
            self.unused_data += view
            return b""
        inflating = self._inflating
        result = b"".join(inflating.parts(view, limit))
        if inflating.ended:
            self.eof, self.unused_data, self.unconsumed_tail = True, inflating.rest, b""
            _close(inflating.stream)
        else:
            self.unconsumed_tail = inflating.rest
        return result

    def copy(self):
        """Not here: the host cannot copy the state of a stream."""
        raise _no_copy("decompressor")

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        raise TypeError("cannot pickle 'zlib.Decompress' object")


class _ZlibDecompressor:
    """A decompressor that keeps what it could not give yet; `gzip` reads through it."""

    def __init__(self, wbits=MAX_WBITS, zdict=b""):
        self._inflating = _inflating(wbits, zdict)
        self._kept = b""
        self.unused_data = b""
        self.eof = False
        self.needs_input = True

    def decompress(self, data, max_length=-1):
        """Takes `data`; gives at most `max_length` bytes, or all that there are."""
        if self.eof:
            raise EOFError("End of stream already reached")
        inflating = self._inflating
        view = memoryview(self._kept + _bytes_of(data)) if self._kept else _bytes_of(data)
        limit = None if max_length < 0 else max_length
        result = b"".join(inflating.parts(view, limit))
        if inflating.ended:
            self.eof, self.unused_data, self._kept = True, inflating.rest, b""
            _close(inflating.stream)
        else:
            self._kept = inflating.rest
        self.needs_input = not (self.eof or self._kept or inflating.more)
        return result


class _Inflating:
    """A stream on the host, with the dictionary that its header may ask for."""

    def __init__(self, stream, dictionary):
        self.stream = stream
        self._dictionary = dictionary
        self.ended = False
        # True when the host may have more to give without any input.
        self.more = False
        # What it has not taken of the input.
        self.rest = b""

    def parts(self, view, limit):
        """Gives the parts of the result, together at most `limit` bytes."""
        while True:
            room = _OUTPUT_BYTES if limit is None else min(limit, _OUTPUT_BYTES)
            try:
                step = self.stream.step(bytes(view[:_INPUT_BYTES]), room)
            except Err as failure:
                raise _error(failure.value.code, "decompressing data", failure.value.reason) from None
            view = view[step.consumed :]
            if step.status == host.Status.NEEDS_DICTIONARY:
                if not self._dictionary:
                    raise _error(_NEED_DICT, "decompressing data")
                _set_dictionary(self.stream, self._dictionary)
                continue
            yield step.output
            if limit is not None:
                limit -= len(step.output)
            self.ended = step.status == host.Status.ENDED
            self.more = not self.ended and len(step.output) == room
            if self.ended or limit == 0 or not (self.more or view):
                break
        self.rest = bytes(view)


def _deflate(stream, view, flush, doing):
    """Gives the parts of what comes out when `view` goes in, and then `flush` is done."""
    if stream is None:
        raise _error(_STREAM_ERROR, doing)
    while True:
        last = len(view) <= _INPUT_BYTES
        try:
            step = stream.step(bytes(view[:_INPUT_BYTES]), _number(flush) if last else Z_NO_FLUSH)
        except Err as failure:
            raise _error(failure.value.code, doing, failure.value.reason) from None
        view = view[step.consumed :]
        yield step.output
        if step.status == host.Status.ENDED or not (view or len(step.output) == _OUTPUT_BYTES):
            return


def _inflating(wbits, zdict):
    try:
        dictionary = bytes(_bytes_of(zdict))
    except TypeError:
        raise TypeError("zdict argument must support the buffer protocol") from None
    stream = _open(host.Decompressor.create, wbits)
    if dictionary and wbits < 0:
        # Without a header nothing will ask for it.
        _set_dictionary(stream, dictionary)
    return _Inflating(stream, dictionary)


def _set_dictionary(stream, dictionary):
    try:
        stream.set_dictionary(dictionary)
    except Err as failure:
        raise _error(failure.value.code, "setting zdict") from None


def _open(create, *options):
    """A new stream of the host."""
    for _ in range(2):
        try:
            return create(*map(_number, options))
        except Err as failure:
            if failure.value.code != _MEM_ERROR:
                raise ValueError("Invalid initialization option") from None
            reason = failure.value.reason
        # Streams in a cycle of references stay open until somebody looks for them.
        gc.collect()
    raise MemoryError(f"zlib in Sluice's sandbox: {reason}")


def _number(number):
    """A number that fits the host's; none that means something is too large for it."""
    return max(-1000, min(operator.index(number), 1000))


def _close(stream):
    stream.__exit__(None, None, None)


def _bytes_of(data):
    view = memoryview(data)
    if not view.c_contiguous:
        raise BufferError("underlying buffer is not C-contiguous")
    return view.cast("B")


def _error(code, doing, reason=""):
    words = reason or _WORDS.get(code)
    return error(f"Error {code} while {doing}: {words}" if words else f"Error {code} while {doing}")


def _no_copy(what):
    return NotImplementedError(f"zlib in Sluice's sandbox cannot copy a {what}")


def install():
    """Gives the module its name, before anything asks for it."""
    for thing in (error, Compress, Decompress, _ZlibDecompressor, adler32, compress, decompress, compressobj, decompressobj):
        thing.__module__ = "zlib"
    sys.modules["zlib"] = sys.modules[__name__]
