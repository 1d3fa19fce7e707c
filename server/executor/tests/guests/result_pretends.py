"""Returns a text, a number and a dictionary that are not what they seem."""


class Text(str):
    def __str__(self):
        raise SystemExit("in __str__")

    def encode(self, *args):
        return b"\xff"

    def isascii(self):
        return True


class Number(int):
    def __repr__(self):
        return '1, "and": "more"'


def attack(context):
    return {"text": Text("grüße"), "number": Number(1), Text("key"): True}
