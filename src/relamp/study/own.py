"""What the configuration says of a user's own data sets: what packing depends on, and how large they are."""

from pathlib import Path
from typing import Any

from relamp.data.own_size import size_of, size_of_molecules
from relamp.data.registry import REGISTRY, Expected
from relamp.settings.own import OwnData, kind_of
from relamp.study.config import Config


def own_data(config: Config, dataset: str) -> dict[str, Any] | None:
    """Return where a user's own data set lies and what of it is used; None for one of the registry."""
    own = config.own.get(dataset)
    return own.model_dump(mode="json") if own else None


def raw_files(config: Config, dataset: str) -> list[Path]:
    """Return the raw files of a user's own data set."""
    own = config.own[dataset]
    return sorted(Path(own.folder).glob(f"{dataset}_*.txt")) if isinstance(own, OwnData) else [Path(own.file)]


def is_corpus(config: Config, dataset: str) -> bool:
    """Return whether a data set is a corpus, which may hold millions of molecules."""
    row = REGISTRY.get(dataset)
    return row.kind == "corpus" if row else dataset in config.own and kind_of(config.own[dataset]) == "molecules"


def own_sizes(config: Config) -> dict[str, Expected]:
    """Return the sizes of all own data sets by name, and that of a subset of the corpus, which is no row either."""
    sizes = {
        name: size_of(own.folder, name) if isinstance(own, OwnData) else size_of_molecules(own.file)
        for name, own in config.own.items()
    }
    chosen = config.transfer
    if chosen.molecules:
        whole = REGISTRY[chosen.corpus].expected if chosen.corpus in REGISTRY else sizes.get(chosen.corpus)
        sizes[chosen.trained_on] = _share(whole, chosen.molecules)
    return sizes


def _share(whole: Expected | None, molecules: int) -> Expected:
    """Return the size of so many molecules; where that of all is unknown, atoms and bonds are left open."""
    rows = (whole.graphs or whole.rows) if whole else 0
    nodes, edges = (round(of * molecules / rows) for of in (whole.nodes, whole.edges)) if whole and rows else (0, 0)
    return Expected(rows=molecules, graphs=molecules, nodes=nodes, edges=edges)


def corpus_words(config: Config) -> str:
    """Return what encoders are pre-trained on, in words for titles and beside the paper's own."""
    chosen = config.transfer
    if chosen.molecules is None:
        return chosen.corpus
    row = REGISTRY.get(chosen.corpus)
    whole = f" of {row.expected.graphs:,}" if row and row.expected.graphs else ""
    return f"{chosen.molecules:,}{whole} molecules of {chosen.corpus}"


def split_of(config: Config, dataset: str) -> dict[str, Any] | None:
    """Return how a user's own data set is classified, see `relamp.data.own.read_own`; None where it is not."""
    svm, linear = config.unsupervised.svm, config.mmix.graphs.svm
    named = {
        "unsupervised.datasets": ("unsupervised.svm.inner_folds", config.unsupervised.datasets, svm),
        "cross.datasets": ("unsupervised.svm.inner_folds", config.cross.datasets, svm),
        "mmix.graphs.datasets": ("mmix.graphs.svm.inner_folds", config.mmix.graphs.datasets, linear),
    }
    used = {key: (option, protocol) for key, (option, datasets, protocol) in named.items() if dataset in datasets}
    if dataset not in config.own or not used:
        return None
    inner = {option: protocol.inner_folds for option, protocol in used.values()}
    # All classifiers share the folds of the first.
    return {"folds": svm.folds, "inner_folds": inner, "datasets": list(used)}
