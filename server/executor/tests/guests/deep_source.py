"""Evaluates an expression that is nested ten thousand times, after it lifted Python's own limit."""

import sys


def attack(context):
    sys.setrecursionlimit(10**9)
    return eval("-" * 10_000 + "1")
