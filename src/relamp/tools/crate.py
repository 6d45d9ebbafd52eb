"""What a bundle says of itself: a Workflow Run RO-Crate (profile 0.5, https://w3id.org/ro/wfrun/workflow/0.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from relamp.errors import RelampError
from relamp.runtime.files import json_text

METADATA, README = "ro-crate-metadata.json", "README.md"
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
# Said here and not asked of the machine, whose own list differs from the next one's.
FORMATS = {
    **{"cff": "application/yaml", "csv": "text/csv", "html": "text/html", "json": "application/json"},
    **{"md": "text/markdown", "pdf": "application/pdf", "png": "image/png", "py": "text/x-python", "rst": "text/x-rst"},
    **{"svg": "image/svg+xml", "tex": "application/x-tex", "yaml": "application/yaml"},
}
Role = Literal["workflow", "source", "input", "result", "trace"]


@dataclass(frozen=True)
class Part:
    """A file of a bundle.

    Attributes:
        name: its place there.
        role: the main workflow; its further sources; what a run takes; what it makes; what it leaves besides.
        sha256: of its bytes.
        size: in bytes.
        about: what it is, "" if its name says so.
    """

    name: str
    role: Role
    sha256: str
    size: int
    about: str = ""


@dataclass(frozen=True)
class Run:
    """What is said of a run.

    Attributes:
        name, description: of the bundle.
        how: the command, the machine and the commit.
        ended: when the last of its files was made (ISO 8601).
        packages: versions by name.
        citation: what CITATION.cff says.
    """

    name: str
    description: str
    how: str
    ended: str
    packages: Mapping[str, str]
    citation: Mapping[str, Any]


def crate(parts: Sequence[Part], run: Run) -> str:
    """Return the metadata of a bundle, as JSON-LD; the same parts and run give the same text.

    Raises RelampError if the package rocrate is not installed.
    """
    try:
        from rocrate.model import ContextEntity
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        raise RelampError("a bundle needs the package rocrate; `pip install 'relamp[bundle]'` brings it") from error
    made = ROCrate(version="1.1")
    made.metadata.extra_contexts.append(TERMS)

    def thing(at: str, kind: str, name: str, **words: Any) -> Any:
        return made.add(ContextEntity(made, at, properties={"@type": kind, "name": name, **words}))

    cited, root = run.citation, made.root_dataset
    licence = thing(f"https://spdx.org/licenses/{cited['license']}", "CreativeWork", cited["license"])
    authors = [thing(*_author(number, author)) for number, author in enumerate(cited["authors"], 1)]
    made.name, made.description, made.datePublished, made.license = run.name, run.description, run.ended, licence
    made.keywords = ", ".join(cited["keywords"])
    root["author"] = _one(authors)
    root["citation"] = [thing(*_paper(number, paper)) for number, paper in enumerate(cited["references"], 1)]
    root["conformsTo"] = [
        thing(at, "CreativeWork", title, version=version) for at, (title, version) in PROFILES.items()
    ]
    files = {role: [part for part in parts if part.role == role] for role in ("source", "input", "result", "trace")}
    (main,) = (part for part in parts if part.role == "workflow")
    words = {
        **_words(main),
        "name": cited["title"],
        "author": _one(authors),
        "license": licence,
        "version": cited["version"],
    }
    version = run.packages.get("snakemake")
    workflow = made.add_workflow(
        dest_path=main.name, main=True, lang="snakemake", lang_version=version, properties=words
    )
    workflow["softwareRequirements"] = [
        # A build's own mark (+cpu) is not in PyPI's addresses.
        thing(
            f"https://pypi.org/project/{name}/{number.partition('+')[0]}/",
            "SoftwareApplication",
            name,
            softwareVersion=number,
            url=f"https://pypi.org/project/{name}/",
        )
        for name, number in run.packages.items()
    ]
    added = {
        role: [made.add_file(dest_path=part.name, properties=_words(part)) for part in each]
        for role, each in files.items()
    }
    workflow["hasPart"] = added["source"]
    action = thing("#run", "CreateAction", run.name, description=run.how, endTime=run.ended)
    action["instrument"], action["object"], action["result"] = workflow, added["input"], added["result"]
    action["actionStatus"] = "http://schema.org/CompletedActionStatus"
    root["mentions"] = action
    for trace in added["trace"]:
        trace["about"] = root if trace["name"] == README else action
    return json_text(made.metadata.generate())


def _one(things: Sequence[Any]) -> Any:
    """Return the only one of several, or all: a list of one is not how RO-Crate writes it."""
    return things[0] if len(things) == 1 else things


def _words(part: Part) -> dict[str, Any]:
    words: dict[str, Any] = {"name": part.name, "contentSize": str(part.size), "sha256": part.sha256}
    if part.about:
        words["description"] = part.about
    words["encodingFormat"] = FORMATS.get(part.name.rpartition(".")[2], "text/plain")
    return words


def _author(number: int, author: Mapping[str, str]) -> tuple[str, str, str]:
    name = author.get("name") or f"{author['given-names']} {author['family-names']}"
    return author.get("orcid", f"#author-{number}"), "Organization" if "name" in author else "Person", name


def _paper(number: int, paper: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        f"https://doi.org/{paper['doi']}" if "doi" in paper else f"#paper-{number}",
        "ScholarlyArticle",
        paper["title"],
    )
