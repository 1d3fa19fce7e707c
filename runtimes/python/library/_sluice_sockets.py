"""What stands behind the module `socket`: connections that the executor opens.

`socket.py` itself is Python's own. It stands on a class and some functions of `_socket`, which
are replaced by those here. A name is not looked up in here but goes to the executor as it is,
because the function's rules are about names: so an address of `getaddrinfo` has the name in it.
"""

import _socket
import errno
import itertools
import select
import time

from sluice_runtime.missing import NO_DATAGRAMS, NO_LISTENING
from sluice_runtime.results import Err
from wit_world.imports import outbound as host

# What is sent at a time, and given at most.
_CHUNK_BYTES = 64 * 1024
# Descriptors of connections, which no file has.
_FIRST_DESCRIPTOR = 1_000_000

AF_INET, AF_INET6 = _socket.AF_INET, _socket.AF_INET6
SOCK_STREAM = _socket.SOCK_STREAM
gaierror = _socket.gaierror

# Connections, or nothing yet, of open sockets by their descriptors.
_open = {}
_descriptors = itertools.count(_FIRST_DESCRIPTOR)
_default_timeout = None

_Kind = host.ErrorKind
_ERRORS = {
    _Kind.NOT_ALLOWED: (PermissionError, errno.EACCES),
    _Kind.LIMIT: (OSError, errno.EDQUOT),
    _Kind.REFUSED: (ConnectionRefusedError, errno.ECONNREFUSED),
    _Kind.RESET: (ConnectionResetError, errno.ECONNRESET),
    _Kind.UNREACHABLE: (OSError, errno.EHOSTUNREACH),
}


def error_of(failure):
    """The exception for what the executor has against something; `ssl` has more kinds."""
    kind, reason = failure.value.kind, failure.value.reason
    if kind == _Kind.TIMED_OUT:
        return TimeoutError(reason)
    if kind == _Kind.UNKNOWN_HOST:
        return gaierror(getattr(_socket, "EAI_NONAME", -2), reason)
    error, number = _ERRORS.get(kind, (OSError, errno.EIO))
    return error(number, reason)


def _milliseconds(seconds):
    return None if seconds is None else min(int(seconds * 1000), 2**32 - 1)


def _seconds(timeout):
    if timeout is None:
        return None
    seconds = float(timeout)
    if not seconds >= 0:
        raise ValueError("Timeout value out of range")
    return seconds


def _name(name):
    """A host as the executor takes it."""
    if isinstance(name, (bytes, bytearray)):
        return bytes(name).decode("ascii")
    if not isinstance(name, str):
        raise TypeError("str, bytes or bytearray expected, not " + type(name).__name__)
    return name if name.isascii() else name.encode("idna").decode("ascii")


class socket:
    """The base of `socket.socket`: one connection to another host."""

    __slots__ = ("_family", "_type", "proto", "timeout", "_connection", "_descriptor", "_options")

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        # One whose making fails is deleted as well.
        self._connection = self._descriptor = None
        return self

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is not None:
            raise OSError(errno.EBADF, "a socket in Sluice's sandbox has no descriptor of the system")
        self._family = AF_INET if family == -1 else int(family)
        self._type = SOCK_STREAM if type == -1 else int(type)
        self.proto = 0 if proto == -1 else int(proto)
        if self._type != SOCK_STREAM:
            raise OSError(errno.EPROTONOSUPPORT, NO_DATAGRAMS)
        if self._family not in (AF_INET, AF_INET6):
            raise OSError(errno.EAFNOSUPPORT, "Sluice's sandbox has connections over IP alone")
        self.timeout = _default_timeout
        self._options = {}
        self._descriptor = next(_descriptors)
        _open[self._descriptor] = None

    # What `socket.py` turns into names of its own.
    family = property(lambda self: self._family)
    type = property(lambda self: self._type)

    def _begin(self, connection):
        self._connection = connection
        _open[self._descriptor] = connection

    def __del__(self):
        socket.close(self)

    def fileno(self):
        return -1 if self._descriptor is None else self._descriptor

    def close(self):
        connection, self._connection = self._connection, None
        if self._descriptor is not None:
            _open.pop(self._descriptor, None)
            self._descriptor = None
        if connection is not None:
            connection.__exit__(None, None, None)

    def detach(self):
        raise OSError(errno.EOPNOTSUPP, "a socket in Sluice's sandbox has no descriptor of the system")

    def _hand_over(self, other):
        """Gives the connection to another socket, and is closed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            other._begin(connection)
        other.timeout, other._options = self.timeout, self._options
        self.close()

    def settimeout(self, timeout):
        self.timeout = _seconds(timeout)

    def gettimeout(self):
        return self.timeout

    def setblocking(self, flag):
        self.timeout = None if flag else 0.0

    def getblocking(self):
        return self.timeout != 0

    def setsockopt(self, level, option, value, length=None):
        # What they are about is the executor's business; they are remembered for who asks.
        self._options[level, option] = value

    def getsockopt(self, level, option, length=None):
        if (level, option) == (_socket.SOL_SOCKET, _socket.SO_TYPE):
            return self._type
        value = self._options.get((level, option), 0)
        return value if length is None or isinstance(value, bytes) else int(value).to_bytes(length, "little")

    def connect(self, address):
        self._connected(address)

    def connect_ex(self, address):
        try:
            self._connected(address)
        except TimeoutError:
            return errno.EAGAIN
        except OSError as error:
            if error.errno is None or isinstance(error, gaierror):
                raise
            return error.errno
        return 0

    def _connected(self, address):
        if self._descriptor is None:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if self._connection is not None:
            raise OSError(errno.EISCONN, "Socket is connected")
        if not isinstance(address, tuple) or not 2 <= len(address) <= 4:
            raise TypeError("an address is a host and a port")
        port = address[1]
        if not isinstance(port, int):
            raise TypeError("'%s' object cannot be interpreted as an integer" % type(port).__name__)
        if not 0 <= port <= 65535:
            raise OverflowError("connect(): port must be 0-65535.")
        # One that does not block has to wait nevertheless: there is nobody else to do it.
        limit = _milliseconds(self.timeout or None)
        try:
            connection = host.Connection.connect(_name(address[0]), port, limit)
        except Err as failure:
            raise error_of(failure) from None
        self._begin(connection)

    def _need(self):
        if self._descriptor is None:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if self._connection is None:
            raise OSError(errno.ENOTCONN, "Socket not connected")
        return self._connection

    def _read(self, count, flags):
        if flags:
            raise OSError(errno.EOPNOTSUPP, "Sluice's sandbox reads from a connection without flags only")
        connection = self._need()
        try:
            return connection.read(min(count, _CHUNK_BYTES), _milliseconds(self.timeout))
        except Err as failure:
            error = error_of(failure)
        if self.timeout == 0 and isinstance(error, TimeoutError):
            error = BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        raise error

    def recv(self, bufsize, flags=0):
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        return self._read(bufsize, flags) if bufsize else b""

    def recv_into(self, buffer, nbytes=0, flags=0):
        view = memoryview(buffer).cast("B")
        data = self.recv(min(nbytes or len(view), len(view)), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize, flags=0):
        return self.recv(bufsize, flags), None

    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        return self.recv_into(buffer, nbytes, flags), None

    def send(self, data, flags=0):
        connection = self._need()
        chunk = bytes(memoryview(data).cast("B")[:_CHUNK_BYTES])
        try:
            connection.write(chunk, _milliseconds(self.timeout or None))
        except Err as failure:
            raise error_of(failure) from None
        return len(chunk)

    def sendall(self, data, flags=0):
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view, flags) :]

    def sendto(self, data, *others):
        raise OSError(errno.EISCONN, NO_DATAGRAMS)

    def shutdown(self, how):
        connection = self._need()
        if how != _socket.SHUT_RD:
            try:
                connection.finish()
            except Err as failure:
                raise error_of(failure) from None

    def getpeername(self):
        return self._full(self._need().peer_address())

    def getsockname(self):
        if self._connection is None:
            return self._full(("0.0.0.0" if self._family == AF_INET else "::", 0))
        return self._full(self._connection.local_address())

    def _full(self, address):
        name, port = address
        return (name, port) if self._family == AF_INET else (name, port, 0, 0)

    def _refuse(self, *args):
        raise OSError(errno.EACCES, NO_LISTENING)

    bind = listen = _accept = _refuse


# Services that libraries name instead of a port.
_PORTS = {"ftp": 21, "smtp": 25, "http": 80, "pop3": 110, "imap": 143, "https": 443, "smtps": 465}


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """One answer, with the host as it was given: the executor looks for its address."""
    name = "localhost" if host is None else _name(host)
    if isinstance(port, (str, bytes)):
        text = port if isinstance(port, str) else port.decode("ascii")
        port = int(text) if text.isdecimal() else _PORTS.get(text)
        if port is None:
            raise gaierror(getattr(_socket, "EAI_SERVICE", -8), f"Sluice's sandbox does not know the service {text}")
    if not name:
        raise gaierror(getattr(_socket, "EAI_NONAME", -2), "Name or service not known")
    type = type or SOCK_STREAM
    if type != SOCK_STREAM:
        raise gaierror(getattr(_socket, "EAI_SOCKTYPE", -7), NO_DATAGRAMS)
    is_long = ":" in name or family == AF_INET6
    address = (name, port or 0, 0, 0) if is_long else (name, port or 0)
    return [(AF_INET6 if is_long else AF_INET, type, proto or _socket.IPPROTO_TCP, "", address)]


def gethostbyname(name):
    return gethostbyname_ex(name)[2][0]


def gethostbyname_ex(name):
    try:
        found = host.resolve(_name(name))
    except Err as failure:
        raise error_of(failure) from None
    short = [address for address in found if ":" not in address]
    if not short:
        raise gaierror(getattr(_socket, "EAI_NONAME", -2), f"{name} has no IPv4 address")
    return name, [], short


def gethostbyaddr(name):
    raise OSError(errno.EOPNOTSUPP, "Sluice's sandbox does not look for names of addresses")


def getnameinfo(address, flags):
    return address[0], str(address[1])


def gethostname():
    return "localhost"


def getdefaulttimeout():
    return _default_timeout


def setdefaulttimeout(timeout):
    global _default_timeout
    _default_timeout = _seconds(timeout)


def socketpair(*args, **kwargs):
    raise OSError(errno.EACCES, NO_LISTENING)


def dup(fd):
    raise OSError(errno.EBADF, "a socket in Sluice's sandbox cannot be duplicated")


class poll:
    """`select.poll` for connections and for what the system has."""

    def __init__(self):
        self._masks = {}

    def register(self, fd, eventmask=select.POLLIN | select.POLLOUT):
        self._masks[_number(fd)] = eventmask

    modify = register

    def unregister(self, fd):
        del self._masks[_number(fd)]

    def poll(self, timeout=None):
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        reading = [fd for fd, mask in self._masks.items() if mask & select.POLLIN]
        writing = [fd for fd, mask in self._masks.items() if mask & select.POLLOUT]
        readable, writable, _ = select.select(reading, writing, [], seconds)
        events = dict.fromkeys(readable, select.POLLIN)
        for fd in writable:
            events[fd] = events.get(fd, 0) | select.POLLOUT
        return list(events.items())


def _number(thing):
    return thing if isinstance(thing, int) else thing.fileno()


_system_select = getattr(select, "select", None)


def _select(rlist, wlist, xlist, timeout=None):
    """`select.select` for connections, which can always be written to."""
    rlist, wlist, xlist = list(rlist), list(wlist), list(xlist)
    if not any(_number(thing) in _open for thing in (*rlist, *wlist, *xlist)):
        return _system_select(rlist, wlist, xlist, timeout)
    writable = [thing for thing in wlist if _open.get(_number(thing)) is not None]
    connections = [(thing, _open.get(_number(thing))) for thing in rlist]
    connections = [(thing, connection) for thing, connection in connections if connection is not None]
    if writable:
        timeout = 0
    if not connections:
        if timeout:
            time.sleep(timeout)
        return [], writable, []
    ready = host.wait([connection for _, connection in connections], _milliseconds(timeout))
    return [connections[place][0] for place in sorted(ready)], writable, []


def install():
    """Puts these in the place of what CPython has, before `socket.py` takes it."""
    _socket.socket = _socket.SocketType = socket
    for function in (
        getaddrinfo, gethostbyname, gethostbyname_ex, gethostbyaddr, getnameinfo, gethostname,
        getdefaulttimeout, setdefaulttimeout, socketpair, dup,
    ):
        setattr(_socket, function.__name__, function)
    _socket.has_ipv6 = True
    select.select, select.poll = _select, poll
