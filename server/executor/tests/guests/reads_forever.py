"""Opens, reads and lists over and over."""

import os


def attack(context):
    while True:
        with open("/python/json/__init__.py", "rb") as file:
            file.read()
        os.listdir("/python")
        os.stat("/opt/function/code/index.py")
