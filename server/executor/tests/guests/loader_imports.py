"""Calls what the executor gives the loader, with more than the loader ever would."""

import zlib

from wit_world.imports import logger
from wit_world.imports.logger import Level


def attack(context):
    logger.write(Level.ERROR, "by itself\n" * 3)
    try:
        from wit_world.imports import compression
    except ImportError:
        return "no compression"
    return [compression.adler32(bytes(20_000_000), 1) and "added"]
