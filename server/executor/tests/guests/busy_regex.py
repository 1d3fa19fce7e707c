"""Matches in exponential time."""

import re


def attack(context):
    return re.match("(a*)*b", "a" * 60)
