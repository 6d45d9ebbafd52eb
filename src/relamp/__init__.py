"""relamp re-runs LAMP and M-Mix end to end and says, number by number, whether they hold."""


def __getattr__(name: str) -> str:
    """Return the version, which pyproject.toml alone says: a checkout's own or, of an installed relamp, its record."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import tomllib
    from importlib.metadata import version
    from pathlib import Path

    project = Path(__file__).parents[2] / "pyproject.toml"
    if Path(__file__).parents[1].name == "src" and project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    return version("relamp")
