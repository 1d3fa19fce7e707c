"""Recurses for ever, after it lifted Python's own limit."""

import sys


def attack(context):
    sys.setrecursionlimit(10**9)

    def deeper(depth):
        return deeper(depth + 1) + 1

    return deeper(0)
