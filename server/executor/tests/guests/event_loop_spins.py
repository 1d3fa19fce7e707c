"""An event loop that always has something to do."""

import asyncio


async def spin():
    while True:
        await asyncio.sleep(0)


async def spin_many():
    await asyncio.gather(*(spin() for _ in range(100)))


def attack(context):
    asyncio.run(spin_many())
