"""What it returns never ends when it is deleted, after the call."""


class Clings(dict):
    def __del__(self):
        while True:
            pass


def attack(context):
    return Clings()
