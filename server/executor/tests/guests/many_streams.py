"""Opens compressing streams until there is no memory for them."""

import zlib


def attack(context):
    return len([zlib.compressobj() for _ in range(10_000)])
