"""One function: its handler is found once, then called for each event."""

import importlib.util
import json
import os
import sys

from . import paths
from .context import Context, Settings
from .failures import LoaderError

# NaN and Infinity are no JSON, so a result with one is refused here, by name.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class Function:
    """A handler and the settings its context tells of."""

    def __init__(self, handler, module, settings):
        self._handler = handler
        self._module = module
        self._settings = settings

    @classmethod
    def load(cls, source):
        """Runs the file of the handler, whose source is given."""
        file, _, name = os.environ["RUNTIME_HANDLER"].rpartition(".")
        module = _import(file, source)
        handler = getattr(module, name, None)
        if not callable(handler):
            raise LoaderError("FunctionConfigError", f"handler '{name}' not found in module '{file}'")
        return cls(handler, module, Settings())

    def initialize(self, request_id, remaining_ms):
        """Calls the initializer, if there is one."""
        self._run("initializer", os.environ.get("RUNTIME_INITIALIZER_HANDLER"), request_id, remaining_ms)

    def pre_stop(self, request_id, remaining_ms):
        """Calls what is to run before the instance is stopped, if there is something."""
        self._run("pre-stop", os.environ.get("RUNTIME_PRE_STOP_HANDLER"), request_id, remaining_ms)

    def _run(self, what, named, request_id, remaining_ms):
        """Calls a function that stands in the file of the handler; what it returns is of no use
        to anybody."""
        if named is None:
            return
        of_handler = os.environ["RUNTIME_HANDLER"].rpartition(".")[0]
        file, _, name = named.rpartition(".")
        if file != of_handler:
            raise LoaderError(
                "FunctionConfigError", f"{what} '{named}' must be in the file of the handler, '{of_handler}'"
            )
        found = getattr(self._module, name, None)
        if not callable(found):
            raise LoaderError("FunctionConfigError", f"{what} '{name}' not found in module '{file}'")
        found(Context(self._settings, request_id, remaining_ms))

    def call(self, request_id, event, remaining_ms):
        """Calls the handler; events and results are JSON texts."""
        context = Context(self._settings, request_id, remaining_ms)
        result = self._handler(json.loads(event), context)
        try:
            text = _encode(result)
            # Half a surrogate cannot leave the sandbox, which `encode` says.
            size = len(text) if text.isascii() else len(text.encode())
        except (TypeError, ValueError, RecursionError) as error:
            raise LoaderError("FunctionResultError", f"function result is invalid, error: {error}") from None
        limit = self._settings.result_bytes
        if size > limit:
            raise LoaderError("FunctionResultError", f"response body size {size} exceeds the limit of {limit}")
        return text


def _import(file, source):
    if source is None:
        raise LoaderError("FunctionLoadError", f"function entry exception, error: not found module '{file}'")
    path = f"{paths.CODE}/{file}.py"
    sys.path[:] = dict.fromkeys([path.rpartition("/")[0], paths.CODE, paths.STDLIB])
    name = file.replace("/", ".")
    if name in sys.modules or name in sys.stdlib_module_names:
        # A file that is named like a module of Python must not take that one's place.
        name = f"handler_{name}"
    # As an import would do it, but without looking for the file and for its byte code.
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
    return module
