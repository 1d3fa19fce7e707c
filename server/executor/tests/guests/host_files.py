"""Reads files of the host."""

import os

WANTED = ["/etc/passwd", "/etc/shadow", "/proc/self/environ", "/proc/self/maps", "/proc/1/cmdline", "/dev/zero",
          "/sys/kernel", "/root", "/home", "/", "/opt", "/python/../etc/passwd", "/tmp/../etc/passwd",
          "/opt/function/../../etc/passwd", "code/../../../../../../etc/passwd", "../../../etc/passwd", "//etc/passwd",
          "/tmp/..", "/tmp/../..", "/opt/function/..", "/python/.."]


def attack(context):
    seen = []
    for path in WANTED:
        for look in (open, os.listdir, os.stat, os.readlink):
            try:
                look(path)
            except OSError:
                continue
            seen.append(f"{look.__name__} {path}")
    return seen
