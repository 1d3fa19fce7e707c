"""Replaces what gives generators their seed."""

import random


def raises(*args, **others):
    raise SystemExit("no seed")


random.Random.seed = random.seed = raises


def attack(context):
    random.seed()
