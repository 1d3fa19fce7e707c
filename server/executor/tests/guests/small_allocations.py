"""Takes all memory in small pieces."""


def attack(context):
    taken = []
    while True:
        taken.append([])
