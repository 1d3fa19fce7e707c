"""Opens connections, also by the module below Python's own."""

import _socket
import socket


def attack(context):
    opened = []
    for make in (socket.socket, _socket.socket, socket.SocketType):
        for kind in (_socket.SOCK_STREAM, _socket.SOCK_DGRAM):
            try:
                one = make(_socket.AF_INET, kind)
            except OSError:
                continue
            for use in (
                lambda: one.connect(("127.0.0.1", 80)),
                lambda: one.bind(("127.0.0.1", 0)) or one.listen(),
                lambda: one.sendto(b"x", ("127.0.0.1", 53)),
            ):
                try:
                    use()
                except (OSError, AttributeError):
                    continue
                opened.append(f"{make.__module__} {kind}")
    for look in (
        lambda: socket.gethostbyname("example.org"),
        lambda: socket.create_connection(("example.org", 80), 1),
        lambda: socket.create_connection(("127.0.0.1", 80), 1),
        lambda: _socket.gethostbyname("example.org"),
    ):
        try:
            opened.append(str(look()))
        except (OSError, AttributeError):
            continue
    return opened
