"""An asyncio that works without sockets and threads.

Python's own event loop wakes itself through a pair of sockets. In a sandbox with one
thread nothing wakes it but time, so that waiting is sleeping.
"""

import time

from .missing import NO_ASYNC_CONNECTIONS, NO_PROCESSES, NO_SIGNALS


def install(asyncio):
    """Makes the loop below the one that `asyncio.run` starts. Its classes are made here,
    because most functions never import asyncio."""

    class Sleeper:
        """Stands where a loop has what tells it of sockets."""

        def select(self, timeout):
            if timeout is None:
                raise RuntimeError("the event loop waits for something that can never happen")
            if timeout > 0:
                time.sleep(timeout)
            return []

        def close(self):
            pass

    class SandboxEventLoop(asyncio.BaseEventLoop):
        """An event loop of timers and tasks."""

        def __init__(self):
            super().__init__()
            self._selector = Sleeper()

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            pass

        # Without these a name would be looked up in a thread, and others would fail with no
        # word at all.

        async def getaddrinfo(self, *args, **kwargs):
            raise OSError(NO_ASYNC_CONNECTIONS)

        async def getnameinfo(self, *args, **kwargs):
            raise OSError(NO_ASYNC_CONNECTIONS)

        def _add_reader(self, *args):
            raise OSError(NO_ASYNC_CONNECTIONS)

        add_reader = add_writer = _add_writer = _add_reader

        async def subprocess_exec(self, *args, **kwargs):
            raise OSError(NO_PROCESSES)

        async def subprocess_shell(self, *args, **kwargs):
            raise OSError(NO_PROCESSES)

        def add_signal_handler(self, *args):
            raise RuntimeError(NO_SIGNALS)

    # The names that Python 3.14 has begun to take out of sight.
    events = asyncio.events
    policy = getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy
    set_policy = getattr(events, "_set_event_loop_policy", None) or events.set_event_loop_policy

    class SandboxEventLoopPolicy(policy):
        _loop_factory = SandboxEventLoop

    set_policy(SandboxEventLoopPolicy())
    asyncio.EventLoop = asyncio.SelectorEventLoop = SandboxEventLoop
