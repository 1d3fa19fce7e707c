"""Sends itself a signal that nothing handles."""

import signal


def attack(context):
    signal.raise_signal(signal.SIGTERM)
