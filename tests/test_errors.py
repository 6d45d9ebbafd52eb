"""What an error's message never holds: passwords and control characters."""

import pytest

from relamp.errors import RelampError, printable, shortened, without_user


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:word@host/x", "https://host/x"),
        ("see http://me@host:80/x, ftp://a:b@c", "see http://host:80/x, ftp://c"),
        ("http://me:p@ss:w@host/a", "http://host/a"),
        ("http://me:12345@host/a", "http://host/a"),
        ("http://me:pa/ss?w#rd@host/a", "http://host/a"),
        ("http://:word@[::1]:8080/a", "http://[::1]:8080/a"),
        ('{"mirrors": ["http://me:word@h/", "http://o"]}', '{"mirrors": ["http://h/", "http://o"]}'),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("http://host/@scope/a", "http://host/@scope/a"),
        ("someone@example.org, C:/x@y", "someone@example.org, C:/x@y"),
    ],
)
def test_users_and_passwords_of_addresses_are_left_out(text: str, shown: str) -> None:
    assert without_user(text) == shown
    assert str(RelampError(text)) == shown


def test_control_characters_are_spelt_out_and_lines_stay() -> None:
    assert printable("a\x1b[31mb\rc\n\td\x07\u202e\udc80é 漢") == "a\\x1b[31mb\\rc\n\td\\x07\\u202e\\udc80é 漢"
    assert str(RelampError("x\x1b]0;y")) == "x\\x1b]0;y"


def test_what_a_message_quotes_is_cut() -> None:
    assert shortened("x" * 200) == "x" * 200
    assert shortened("x" * 1201) == "x" * 200 + "... (1,201 characters)"
    assert shortened([1, 2]) == "[1, 2]"
    assert shortened([7] * 1000, 5) == "[7, 7... (3,000 characters)"
