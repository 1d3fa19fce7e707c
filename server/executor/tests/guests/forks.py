"""Starts processes."""

import os


def attack(context):
    os.fork()
