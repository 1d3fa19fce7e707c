"""Aborts its process."""

import os


def attack(context):
    os.abort()
