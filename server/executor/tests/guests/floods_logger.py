"""Logs one message of 30 MB."""


def attack(context):
    context.getLogger().info("x" * 30_000_000)
