"""What a page links and names."""

from html.parser import HTMLParser


class Links(HTMLParser):
    """The links of a page, in `found`, and the names that links can lead to, in `anchors`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = dict(attrs)
        self.found += [words[name] or "" for name in ("href", "src", "xlink:href") if name in words]
        self.anchors |= {words["id"] or ""} if "id" in words else set()
