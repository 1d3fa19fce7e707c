"""Memory that many instances begin with: what must hold for it, and what each draws again."""

import gc
import os
import random

# The descriptors of standard streams and of the folders that the executor maps.
_DESCRIPTORS = 6
# A function may have so many files open; beyond it none is looked for.
_MOST_DESCRIPTORS = 128

# Generators to seed in each instance; none where the memory is this instance's own.
_generators = None

_seed = random.Random.seed


def _note_seed(self, a=None, version=2):
    """Notes whether a generator was given a seed: that one has to go on as it is."""
    self.__dict__["_seeded_by_user"] = a is not None
    _seed(self, a, version)


def install():
    """Once, when the runtime is built."""
    _note_seed.__doc__, _note_seed.__name__ = _seed.__doc__, _seed.__name__
    random.Random.seed = _note_seed
    random.seed = random._inst.seed


def hindrance():
    """Why other instances cannot begin with this memory; None if they can."""
    for descriptor in range(_DESCRIPTORS, _MOST_DESCRIPTORS):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        return "the code has a file open after it was loaded"
    if os.listdir("/tmp"):
        return "the code wrote to /tmp while it was loaded"
    return None


def freeze():
    """After `load`, when other instances are to begin here."""
    global _generators
    # What nobody needs any more need not be mapped by all of them.
    gc.collect()
    _generators = [
        thing
        for thing in gc.get_objects()
        # By its type: to be asked for its class, a thing may run code of its own.
        if issubclass(type(thing), random.Random) and not thing.__dict__.get("_seeded_by_user")
    ]
    # A collection writes to every object that it looks at; it leaves these alone.
    gc.freeze()


def wake():
    """At the first call of an instance that began with such a memory."""
    global _generators
    # Taken away first: the code can have a `seed` of its own that raises.
    generators, _generators = _generators, None
    for generator in generators or ():
        generator.seed()
