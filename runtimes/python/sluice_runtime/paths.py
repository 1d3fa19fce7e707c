"""Where things are inside the sandbox."""

# The folders that the executor maps: the user's code, the standard library.
CODE = "/opt/function/code"
STDLIB = "/python"
# Where a function starts out, so that a relative path to its own files begins with `code/`.
WORKING_DIRECTORY = "/opt/function"
# Where the loader's own modules were while the runtime was built.
LOADER = __file__.rpartition("/")[0]


def is_users(filename):
    """True for a frame that is neither the loader's nor Python's own."""
    return not filename.startswith((LOADER + "/", STDLIB + "/", "<frozen ", "/world/", "/bundled/"))


def is_loaders(filename):
    """True for a frame of the loader, or of the import system on its way to user code."""
    return filename.startswith((LOADER + "/", "<frozen importlib"))
