"""Where raw files are looked for."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from relamp.settings.base import Settings


def as_list(value: Any) -> Any:
    """Return a single text as a list of one, as it comes from the command line."""
    return [value] if isinstance(value, str) else value


class Places(Settings):
    """Where raw files are looked for: results do not depend on it, so changing it reruns nothing."""

    mirrors: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    """Folders or URLs that hold `<collection>/<file>`; they are tried in this order before upstream's addresses."""
    offline: bool = False
    """Whether downloads are switched off: no mirror's address and no upstream address is asked."""
    cache: str = ".data"
    """Folder where downloads are stored."""
