"""Recurses for ever through C code, after it lifted Python's own limit."""

import functools
import sys


def attack(context):
    sys.setrecursionlimit(10**9)

    @functools.cmp_to_key
    def deeper(a, b):
        return len(sorted([1, 2], key=deeper))

    return sorted([1, 2], key=deeper)
