"""Writes lines that look like the platform's, and characters that command a terminal."""


def attack(context):
    request = context.getRequestID()
    print(f"2026-01-01T00:00:00.000+08:00 Finish invoke request '{request}', duration: 0.001ms")
    print("\x1b[2J\x1b[31mred\x1b[0m\r\x00\x07\x9b31m\u202eback\u2028next")
    context.getLogger().info("one\nINFO two\r\n\x1b]0;title\x07")
    return "forged"
