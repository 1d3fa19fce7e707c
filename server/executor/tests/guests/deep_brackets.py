"""Evaluates ten thousand brackets."""


def attack(context):
    return eval("(" * 10_000)
