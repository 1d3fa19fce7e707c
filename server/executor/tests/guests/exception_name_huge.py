"""Raises an exception whose class has a name of 10 MB."""


def attack(context):
    raise type("X" * 10_000_000, (Exception,), {})
