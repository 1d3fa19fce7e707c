"""Waits for what never comes."""

import time


def attack(context):
    time.sleep(1e9)
