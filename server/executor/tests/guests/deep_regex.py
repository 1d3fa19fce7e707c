"""Compiles a regular expression that is nested ten thousand times."""

import re
import sys


def attack(context):
    sys.setrecursionlimit(10**9)
    return bool(re.compile("(?:" * 10_000 + ")" * 10_000))
