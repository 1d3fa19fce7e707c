"""Searches for long in one call: a text in which almost everything matches."""


def attack(context):
    return ["b" + "a" * 5_000_000 for _ in range(2)][0].count("a" * 2_500_000 + "c") or attack(context)
