"""Has Python read a wild address, which faulthandler is there to try."""

import faulthandler


def attack(context):
    faulthandler.enable()
    faulthandler._sigsegv()
