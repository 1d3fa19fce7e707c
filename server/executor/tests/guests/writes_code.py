"""Changes its own code, the standard library, and what lies above them."""

import os

CODE = "/opt/function/code/index.py"


def attack(context):
    changed = []

    def tries(what, change):
        try:
            change()
        except OSError:
            return
        changed.append(what)

    for path in (CODE, "/python/json/__init__.py", "/python/new.py", "/opt/function/new", "/opt/function/code/new"):
        for mode in ("w", "a", "x", "r+"):
            tries(f"open {path} {mode}", lambda: open(path, mode))
        tries(f"truncate {path}", lambda: os.truncate(path, 0))
        tries(f"remove {path}", lambda: os.remove(path))
        tries(f"utime {path}", lambda: os.utime(path, (0, 0)))
        tries(f"rename {path}", lambda: os.rename(path, "/tmp/taken"))
        tries(f"replace {path}", lambda: (open("/tmp/mine", "w").close(), os.replace("/tmp/mine", path)))
        tries(f"link {path}", lambda: os.link(path, "/tmp/linked"))
        tries(f"link to {path}", lambda: os.link("/tmp/mine", path))
        tries(f"symlink {path}", lambda: os.symlink("x", path))
    tries("mkdir", lambda: os.mkdir("/opt/function/code/new"))
    tries("rmdir", lambda: os.rmdir("/opt/function/code"))
    for number in range(3, 7):
        tries(f"write to {number}", lambda: os.write(number, b"x"))
        tries(f"truncate {number}", lambda: os.ftruncate(number, 0))
    return [changed, open(CODE).read() == SOURCE]


SOURCE = open(CODE).read()
