"""Computes in C code for long: one power of a large number."""


def attack(context):
    return (3**100_000) ** 100_000
