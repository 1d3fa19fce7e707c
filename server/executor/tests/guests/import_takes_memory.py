"""Takes a gigabyte while it is imported."""

taken = [bytearray(1 << 20) for _ in range(1024)]
