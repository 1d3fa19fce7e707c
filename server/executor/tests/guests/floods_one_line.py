"""Prints one line of 100 MB."""

import sys


def attack(context):
    for _ in range(1000):
        sys.stdout.write("x" * 100_000)
