"""Asks over and over whether many files are ready."""

import select


def attack(context):
    poll = select.poll()
    files = [open(f"/tmp/{number}", "w") for number in range(20)]
    for file in files:
        poll.register(file)
    while True:
        poll.poll(0)
