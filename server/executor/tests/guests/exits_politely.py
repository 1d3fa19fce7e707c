"""Ends its process the way Python has for it."""

import atexit
import sys


def attack(context):
    atexit.register(print, "at exit")
    sys.exit("enough")
