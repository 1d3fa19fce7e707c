"""Returns what is nested a hundred thousand times, after it lifted Python's own limit."""

import sys


def attack(context):
    sys.setrecursionlimit(10**9)
    result = []
    for _ in range(100_000):
        result = [result]
    return result
