"""Never ends to be initialised."""


def initializer(context):
    while True:
        pass


def attack(context):
    pass
