"""Raises an exception with a text of 20 MB."""


def attack(context):
    raise ValueError("x" * 20_000_000)
