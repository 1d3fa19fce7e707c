"""Deletes what is nested a million times."""


def attack(context):
    class Link:
        def __init__(self, next):
            self.next = next

    link = None
    for _ in range(300_000):
        link = Link(link)
    del link
    return "deleted"
