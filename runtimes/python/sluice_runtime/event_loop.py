"""An asyncio that works without sockets and threads.

Python's own event loop wakes itself through a pair of sockets. In a sandbox with one
thread nothing wakes it but time, so that waiting is sleeping.
"""

import time


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

    class SandboxEventLoopPolicy(asyncio.events.BaseDefaultEventLoopPolicy):
        _loop_factory = SandboxEventLoop

    asyncio.set_event_loop_policy(SandboxEventLoopPolicy())
