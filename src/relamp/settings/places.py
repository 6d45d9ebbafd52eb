"""Where raw files are looked for."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, field_serializer

from relamp.errors import without_user
from relamp.settings.base import Settings


def as_list(value: Any) -> Any:
    """Return a single text as a list of one, as it comes from the command line."""
    return [value] if isinstance(value, str) else value


def _place(mirror: str) -> str:
    """Check a folder or an address; of an address that is not one, a message could show a password."""
    if "://" in mirror:
        try:
            parts = urlsplit(mirror)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            sound = False
        if not sound or re.search(r"\s", mirror):
            raise ValueError(
                "an address is http(s)://host[:port]/..., with %2F, %40, %20 for /, @, a blank in a password"
            )
    return mirror


class Places(Settings):
    """Where raw files are looked for: results do not depend on it, so changing it reruns nothing."""

    mirrors: Annotated[tuple[Annotated[str, AfterValidator(_place)], ...], BeforeValidator(as_list)] = ()
    """Folders or URLs that hold `<collection>/<file>`; they are tried in this order before upstream's addresses."""
    offline: bool = False
    """Whether downloads are switched off: no mirror's address and no upstream address is asked."""
    cache: str = ".data"
    """Folder where downloads are stored."""

    @field_serializer("mirrors")
    def _without_users(self, mirrors: tuple[str, ...]) -> list[str]:
        """Keep users and passwords out of whatever the configuration is recorded in."""
        return [without_user(place) for place in mirrors]
