"""Reads JSON that is nested a hundred thousand times, after it lifted Python's own limit."""

import json
import sys


def attack(context):
    sys.setrecursionlimit(10**9)
    return json.loads("[" * 100_000)
