"""The loader: what stands between the executor and a Python function.

It is imported when the runtime is built; every instance starts from the memory that this
leaves. So whatever belongs to one instance happens in `WitWorld.load`, not at import.
"""

from . import compression  # first: others look for what it brings
from . import console, failures, freezing, preload, sandbox, syntax
from .function import Function
from .results import Err

sandbox.install()
freezing.install()

# Made by `load`. Each call comes to a new WitWorld, so it cannot be kept there.
function = None


class WitWorld:
    """The exports of the worlds `python` and `python-without-zlib`."""

    def check(self, path):
        """Says whether the file at `path` can be compiled."""
        error = syntax.error_of(path)
        if error is not None:
            raise Err(error)

    def load(self, source):
        """Loads the handler, whose file has this source."""
        global function
        try:
            sandbox.start_instance()
            function = Function.load(source)
        except BaseException as exception:
            raise Err(failures.of_load(exception)) from None
        finally:
            console.flush()

    def freeze(self):
        """Makes ready for other instances that begin with this memory."""
        reason = freezing.hindrance()
        if reason is not None:
            raise Err(reason)
        freezing.freeze()

    def initialize(self, request_id, remaining_ms):
        """Calls the initializer."""
        try:
            freezing.wake()
            function.initialize(request_id, remaining_ms)
        except BaseException as exception:
            raise Err(failures.of_initializer(exception)) from None
        finally:
            console.flush()

    def pre_stop(self, request_id, remaining_ms):
        """Calls what is to run before the instance is stopped."""
        try:
            freezing.wake()
            function.pre_stop(request_id, remaining_ms)
        except BaseException as exception:
            raise Err(failures.of_pre_stop(exception)) from None
        finally:
            console.flush()

    def invoke(self, request_id, event, remaining_ms):
        """Calls the handler."""
        try:
            freezing.wake()
            return function.call(request_id, event, remaining_ms)
        except BaseException as exception:
            raise Err(failures.of_call(exception)) from None
        finally:
            console.flush()
