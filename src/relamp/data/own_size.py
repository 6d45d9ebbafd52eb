"""How large a user's own data set is, by lines and sizes of its files: it is asked before anything is read."""

from pathlib import Path

from relamp.data.registry import Expected

_COUNTED = 2**24  # bytes; lines of larger files are estimated
_SAMPLES, _SAMPLE = 16, 2**16
_BYTES_A_MOLECULE = {".gz": 10, ".xz": 4}


def size_of(folder: Path | str, name: str) -> Expected:
    """Return graphs, nodes and edges of a data set in the TUDataset text format; 0 of a file that cannot be read."""
    files = {part: Path(folder) / f"{name}_{part}.txt" for part in ("graph_labels", "graph_indicator", "A")}
    graphs, nodes, edges = (_lines(path) for path in files.values())
    if _both_ways(files["A"]):
        edges //= 2
    return Expected(rows=graphs, graphs=graphs, nodes=nodes, edges=edges)


def size_of_molecules(file: Path | str) -> Expected:
    """Return how many molecules a file of SMILES may have, by lines or, packed, by bytes; 0 if it is not there."""
    path = Path(file)
    packed = _BYTES_A_MOLECULE.get(path.suffix.casefold())
    try:
        molecules = _lines(path) if packed is None else path.stat().st_size // packed
    except OSError:
        molecules = 0
    return Expected(rows=molecules, graphs=molecules, nodes=0, edges=0)


def _lines(path: Path) -> int:
    """Count the lines of a file, of a large one in samples: the numbers in it, and so its lines, grow longer."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size <= _COUNTED:
                text = file.read()
                return text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
            found = 0
            for number in range(_SAMPLES):
                file.seek(max(0, (2 * number + 1) * size // (2 * _SAMPLES) - _SAMPLE // 2))
                found += file.read(_SAMPLE).count(b"\n")
            return found * size // (_SAMPLES * _SAMPLE)
    except OSError:
        return 0


def _both_ways(path: Path) -> bool:
    """Whether most edges at the beginning of a file are there in both directions."""
    try:
        with path.open("rb") as file:
            lines = file.read(_SAMPLE).split(b"\n")[:-1]
    except OSError:
        return False
    pairs = {tuple(cell.strip() for cell in line.split(b",")) for line in lines}
    return 2 * sum(pair[::-1] in pairs for pair in pairs) > len(pairs)
