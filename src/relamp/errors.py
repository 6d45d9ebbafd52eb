"""The one exception that users are meant to see."""


class RelampError(Exception):
    """An error that a user can act on: its message says what is wrong, where, and what to do."""
