"""Prints empty lines for ever."""

import sys


def attack(context):
    while True:
        sys.stderr.write("\n" * 1000)
