"""HTML pages from the templates in `templates/`, in which every text is escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

# No import leads to these files: where code is hashed, they must be named as code of the jobs that write pages.
TEMPLATES = Path(__file__).parent / "templates"
_TEMPLATES = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, **values: Any) -> str:
    """Return the page that a template makes of some values."""
    return _TEMPLATES.get_template(template).render(**values).strip() + "\n"
