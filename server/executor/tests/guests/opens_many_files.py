"""Opens files until it may not any more."""

import os


def attack(context):
    opened = 0
    try:
        while True:
            os.open("/tmp/file", os.O_RDWR | os.O_CREAT)
            opened += 1
    except OSError as error:
        return error.strerror
