"""Sleeps for times that are none."""

import time


def attack(context):
    said = []
    for seconds in (-1, float("nan"), float("inf"), 1e18, 1e300, 10**30):
        try:
            time.sleep(seconds)
        except (ValueError, OverflowError) as error:
            said.append(type(error).__name__)
    return said
