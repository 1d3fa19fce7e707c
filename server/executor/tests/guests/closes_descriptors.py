"""Closes everything that is open, its folders and its output included."""

import os


def attack(context):
    for descriptor in range(200):
        try:
            os.close(descriptor)
        except OSError:
            pass
    return os.path.exists("/tmp")
