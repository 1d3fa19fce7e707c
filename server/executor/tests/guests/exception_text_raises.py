"""Raises an exception whose text, class name and arguments raise."""


class Meta(type):
    def __getattribute__(cls, name):
        raise SystemExit(f"asked for {name}")


class Raises(Exception, metaclass=Meta):
    def __str__(self):
        raise SystemExit("in __str__")

    def __getattribute__(self, name):
        raise SystemExit(f"asked for {name}")


def attack(context):
    raise Raises
