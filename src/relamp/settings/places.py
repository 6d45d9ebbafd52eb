"""Where raw files are looked for."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator

from relamp.settings.base import Settings


def as_list(value: Any) -> Any:
    """Take one text for a list of one, as it comes from the command line."""
    return [value] if isinstance(value, str) else value


class Places(Settings):
    """Where raw files are looked for: what is found does not depend on it, so changing it reruns nothing.

    Attributes:
        mirrors: folders or URLs that hold `<collection>/<file>`, tried in this order before upstream.
        offline: ask no address, neither a mirror's nor upstream's.
        cache: the folder that downloads are kept in.
    """

    mirrors: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    offline: bool = False
    cache: str = ".data"

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Return the places that a whole configuration names."""
        return cls.model_validate({name: config[name] for name in cls.model_fields if name in config})
