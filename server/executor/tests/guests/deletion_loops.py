"""What it leaves behind never ends when it is deleted."""

import gc


class Clings:
    def __del__(self):
        while True:
            pass


def attack(context):
    clings = Clings()
    clings.itself = clings
    del clings
    gc.collect()
