"""Returns 30 MB: its memory holds them, a response does not."""


def attack(context):
    return "x" * 30_000_000
