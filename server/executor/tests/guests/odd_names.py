"""Makes files with names that command a terminal or break a line."""

import os

NAMES = ["a\nb", "\x1b[2J", "\u202eback", " ", "-rf", "*", "x" * 255, "\\", "\udc80"]


def attack(context):
    made = []
    for name in NAMES:
        try:
            open(f"/tmp/{name}", "w").close()
            made.append(name)
        except (OSError, UnicodeError):
            pass
    os.makedirs("/tmp/a\nb.d/\r")
    return len(made) >= 7
