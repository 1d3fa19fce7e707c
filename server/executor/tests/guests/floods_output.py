"""Prints 100 MB."""


def attack(context):
    for _ in range(100_000):
        print("x" * 1000)
