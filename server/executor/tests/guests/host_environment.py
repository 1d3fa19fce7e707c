"""Looks for what the host has in its environment, arguments and addresses."""

import os
import platform
import socket
import sys

PLATFORM = ("RUNTIME_", "/home/snuser/", "/opt/function", "/python")
KNOWN = {"", "default", "demo", "latest", "index.handler", "{}", "localhost", "/tmp", "wasi", "wasm32", "6291456",
         "30", "300", "128", "(none)", "~"}


def attack(context):
    seen = [*os.environ, *os.environ.values(), *sys.argv, *sys.path, sys.executable, sys.prefix, sys.base_prefix]
    seen += [os.getcwd(), platform.node(), socket.gethostname(), socket.getfqdn(), os.path.expanduser("~")]
    return [value for value in seen if value not in KNOWN and not str(value).startswith(PLATFORM)]
