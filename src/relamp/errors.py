"""The one exception that users are meant to see, and what no message may hold."""

import re
from collections.abc import Iterable, Sequence

# The user of an address: up to the last @ before its path or, of a password that is not spelt as it should be, at all.
_USER = re.compile(r"(://)(?:[^\s/?#:]*:(?!\d+(?:[/?#\s]|$))\S*|[^\s/?#]*)@")


def without_user(text: str) -> str:
    """Return a text without the users and passwords of addresses (`https://me:word@host/x` becomes `https://host/x`)."""
    return _USER.sub(r"\1", text)


def printable(text: str) -> str:
    """Return a text as it may be printed or logged: `without_user`, control characters spelt out, lines kept."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else sign.encode("unicode_escape").decode()
        for sign in without_user(text)
    )


def shortened(text: object, most: int = 200) -> str:
    """Return a text, or what Python writes for another value, cut to `most` characters for a message."""
    words = text if isinstance(text, str) else repr(text)
    return words if len(words) <= most else f"{words[:most]}... ({len(words):,} characters)"


def reason(error: BaseException) -> str:
    """Return what another library says of a fault, in one line of bounded length; its kind, if it says nothing."""
    return shortened(" ".join(str(error).split()) or type(error).__name__)


def listed(names: Iterable[object], most: int = 8) -> str:
    """Return the first of some names for a message, each shortened, and how many more there are."""
    names = list(map(str, names))
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(shortened(name, 60) for name in names[:most]) + more


def first_of(names: Sequence[object]) -> str:
    """Return the first of some names, whole, and how many more there are."""
    return f"{names[0]} and {len(names) - 1:,} more" if len(names) > 1 else str(names[0])


class RelampError(Exception):
    """An error that a user can act on: its message says what is wrong, where, and what to do.

    Whatever it quotes, its text is `printable`.
    """

    def __str__(self) -> str:
        """Return the message."""
        return printable(super().__str__())
