"""Fills `/tmp` in every way that it knows, until there is no room for anything."""

import os

held = []


def grows():
    with open("/tmp/large", "ab", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def truncates():
    with open("/tmp/sparse", "wb", buffering=0) as file:
        size, step = 0, 1 << 40
        while step:
            try:
                file.truncate(size + step)
                size += step
            except OSError:
                step //= 2


def hides():
    for number in range(100):
        file = open("/tmp/hidden", "wb", buffering=0)
        held.append(file)
        os.unlink("/tmp/hidden")
        file.write(b"x" * 4096)


def links():
    for number in range(1_000_000):
        os.link("/tmp/sparse", f"/tmp/link-{number}")


def nests():
    path = "/tmp"
    while True:
        path += "/d"
        os.mkdir(path)


def attack(context):
    refused = None
    for way in hides, nests, truncates, grows, links:
        try:
            way()
        except OSError as error:
            refused = error.strerror
    return refused
