"""Replaces print and standard output."""

import builtins
import sys


def attack(context):
    builtins.print = None
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
    return "silent"
