"""Unpacks a few kilobytes to 160 MB."""

import zlib


def attack(context):
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(160)) + packer.flush()
    return len(zlib.decompress(packed))
