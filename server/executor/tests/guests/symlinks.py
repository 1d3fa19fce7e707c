"""Makes links out of its folder and goes through them."""

import os


def attack(context):
    out = []
    for number, target in enumerate(["/", "/etc", "/etc/passwd", "..", "../..", "../../../../../../etc/passwd", "/proc/self/root"]):
        link = f"/tmp/link{number}"
        try:
            os.symlink(target, link)
        except OSError:
            continue
        for path in (link, f"{link}/etc/passwd", f"{link}/passwd"):
            for look in (open, os.listdir, os.stat, os.path.realpath):
                try:
                    found = look(path)
                except OSError:
                    continue
                if look is not os.path.realpath:
                    out.append(f"{look.__name__} {path} {found}")
    os.mkdir("/tmp/a")
    try:
        os.symlink("a", "/tmp/moves")
        os.rename("/tmp/moves", "/tmp/a/moves")
        os.symlink("../..", "/tmp/a/up")
        out += os.listdir("/tmp/a/up")
    except OSError:
        pass
    return out
