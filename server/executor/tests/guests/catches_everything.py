"""Never ends, and lets no exception end it."""


def attack(context):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
        finally:
            attack(context)
