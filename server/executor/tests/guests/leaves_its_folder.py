"""Goes to another folder and takes what Python finds its modules by."""

import os
import sys


def attack(context):
    os.chdir("/tmp")
    open("/tmp/json.py", "w").write("raise SystemExit('mine')")
    sys.path[:] = ["/tmp"]
    return os.getcwd()
