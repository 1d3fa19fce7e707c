"""Writes 100 MB while it is imported."""

for _ in range(100_000):
    print("x" * 1000)
