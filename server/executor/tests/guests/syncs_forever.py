"""Has what it wrote put on the disk, over and over."""

import os


def attack(context):
    with open("/tmp/file", "wb") as file:
        while True:
            file.seek(0)
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
