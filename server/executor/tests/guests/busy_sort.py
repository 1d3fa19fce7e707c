"""Computes in C code for long: sorts again and again what is long."""

import itertools


def attack(context):
    numbers = [number * 7919 % 100_003 for number in range(100_000)]
    return sum(map(len, map(sorted, itertools.repeat(numbers))))
