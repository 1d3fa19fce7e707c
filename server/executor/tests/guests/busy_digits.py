"""Computes in C code for long: a large number as text, whose length it allows first."""

import sys


def attack(context):
    sys.set_int_max_str_digits(0)
    return str(1 << 30_000_000)
