"""Returns a gigabyte."""


def attack(context):
    return "x" * (1 << 30)
