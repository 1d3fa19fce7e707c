"""An event loop that always has something to do."""


def attack(context):
    import asyncio

    async def spin():
        while True:
            await asyncio.sleep(0)

    async def spin_many():
        await asyncio.gather(*(spin() for _ in range(100)))

    asyncio.run(spin_many())
