"""Never ends."""


def attack(context):
    while True:
        pass
