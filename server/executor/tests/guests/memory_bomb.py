"""Doubles what it has, and goes on where memory ends."""


def attack(context):
    taken = ["x"]
    while True:
        try:
            taken += taken
        except MemoryError:
            pass
