"""Returns a list that goes on while it is written."""


class Endless(dict):
    def __bool__(self):
        return True

    def __len__(self):
        return 1

    def items(self):
        while True:
            yield "key", "value"


def attack(context):
    return Endless(key="value")
