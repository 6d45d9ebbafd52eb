"""Where the stored rows of a configuration lie: one place for the workflow and for what renders without it."""

from collections.abc import Iterable, Mapping
from itertools import chain, product

from relamp.study import runs
from relamp.study.config import Config
from relamp.study.names import BAG
from relamp.study.runs import Run


class Layout:
    """Paths of rows below a preset's folder of results, as text.

    Args:
        config: what is run.
        results: the folder.
    """

    def __init__(self, config: Config, results: str) -> None:
        """Take a configuration and a folder."""
        self.config, self.results = config, results

    def svm(self, chosen: Iterable[Run], kind: str = "svm") -> list[str]:
        """SVM rows of some runs; of `mmix/svm` those of M-Mix's linear protocol."""
        return [f"{self.results}/{kind}/{run.dataset}/{run.method}/{run.setting}/rows.csv" for run in chosen]

    def kernels(self, datasets: Iterable[str]) -> list[str]:
        """Rows of graph kernels."""
        pairs = product(datasets, self.config.unsupervised.kernels)
        return [f"{self.results}/kernel/{dataset}/{kernel}/rows.csv" for dataset, kernel in pairs]

    def bags(self, datasets: Iterable[str], kind: str = BAG) -> list[str]:
        """Rows of the bag that knows no structure; of `mmix/bag` those of M-Mix's linear protocol."""
        return [f"{self.results}/{kind}/{dataset}/rows.csv" for dataset in datasets]

    def controls(self, datasets: Iterable[str]) -> list[str]:
        """Rows of what has no encoder."""
        named = list(datasets)
        return self.kernels(named) + self.bags(named)

    def over_datasets(self, select: runs.Select, *arguments: str) -> list[str]:
        """SVM rows of a selection of runs, over all data sets of LAMP's tables."""
        chosen = (select(self.config, dataset, *arguments) for dataset in self.config.unsupervised.datasets)
        return self.svm(chain.from_iterable(chosen))

    def finetune(self) -> list[str]:
        """Rows of fine-tuning."""
        chosen = self.config.transfer
        pairs = product(chosen.datasets, chosen.methods)
        return [f"{self.results}/transfer/finetune/{dataset}/{start}/rows.csv" for dataset, start in pairs]

    def damage(self) -> list[str]:
        """Rows of structural damage."""
        return [f"{self.results}/damage/{dataset}.csv" for dataset in self.config.damage.datasets]

    def table1(self) -> list[str]:
        """Rows of all that LAMP's Table 1 compares."""
        return self.over_datasets(runs.table_runs) + self.controls(self.config.unsupervised.datasets)

    def table3(self) -> list[str]:
        """Rows of what LAMP's Table 3 compares."""
        return self.over_datasets(runs.table3_runs) + self.bags(self.config.unsupervised.datasets)

    def unsupervised(self) -> list[str]:
        """Rows of all of LAMP's unsupervised experiments."""
        return self.svm(runs.all_runs(self.config)) + self.controls(self.config.unsupervised.datasets)

    def cross(self) -> list[str]:
        """Rows of the cross table that belong to no other: more methods, more data sets."""
        shown = self.config.unsupervised.datasets
        new = [dataset for dataset in self.config.cross.datasets if dataset not in shown]
        tables = chain.from_iterable(runs.table_runs(self.config, dataset) for dataset in new)
        others = chain.from_iterable(runs.cross_runs(self.config, dataset) for dataset in self.config.cross.datasets)
        return self.svm(chain(tables, others)) + self.controls(new)

    def mmix(self, kind: str) -> list[str]:
        """Rows that M-Mix's tables are made of: nodes, clusters, graphs, edits or images."""
        nodes, graphs, images = self.config.mmix.nodes, self.config.mmix.graphs, self.config.mmix.images
        edits, folder = self.config.mmix.edit_distance, f"{self.results}/mmix"
        if kind in ("nodes", "clusters"):
            below = f"{folder}/{'probe' if kind == 'nodes' else 'cluster'}"
            pairs = product(nodes.datasets, nodes.methods)
            return [f"{below}/{dataset}/{method}/{runs.node_setting()}/rows.csv" for dataset, method in pairs]
        if kind == "graphs":
            chosen = (runs.fixed_runs(self.config, dataset, graphs.methods) for dataset in graphs.datasets)
            controls = self.kernels(graphs.datasets) + self.bags(graphs.datasets, "mmix/bag")
            return self.svm(chain.from_iterable(chosen), "mmix/svm") + controls
        if kind == "edits":
            trained = runs.fixed_runs(self.config, edits.dataset, edits.methods)
            return [
                *(f"{folder}/edit_distance/{run.method}/{run.setting}/rows.csv" for run in trained),
                *(f"{folder}/edit_kernel/{kernel}/rows.csv" for kernel in edits.kernels),
            ]
        pairs = product(images.datasets, images.methods)
        return [f"{folder}/image_probe/{dataset}/{method}/rows.csv" for dataset, method in pairs]

    def sweep(self) -> list[str]:
        """Probe rows of the grid of M-Mix's Fig. 2 and 3."""
        sweep = self.config.mmix.nodes.sweep
        below = f"{self.results}/mmix/probe/{sweep.dataset}"
        return [
            f"{below}/{method}/{runs.node_setting(samples, dimension)}/rows.csv"
            for method, (samples, dimension) in product(sweep.methods, sweep.settings())
        ]

    def by_kind(self) -> Mapping[str, list[str]]:
        """All rows that scores are made of, by kind of experiment."""
        kinds = ("nodes", "clusters", "graphs", "edits", "images")
        return {
            "svm": self.unsupervised(),
            "cross": self.cross(),
            "finetune": self.finetune(),
            **{kind: self.mmix(kind) for kind in kinds},
        }

    def everything(self) -> list[str]:
        """All rows that anything is rendered from, each once."""
        return list(dict.fromkeys([*chain.from_iterable(self.by_kind().values()), *self.damage(), *self.sweep()]))


def all_datasets(config: Config) -> list[str]:
    """Return every data set that a configuration names, each once."""
    mmix = config.mmix
    named = [
        *config.damage.datasets,
        *config.unsupervised.datasets,
        *config.cross.datasets,
        config.transfer.corpus,
        *config.transfer.datasets,
        *(mmix.nodes.datasets),
        mmix.nodes.sweep.dataset,
        mmix.nodes.theorem.dataset,
        *mmix.graphs.datasets,
        mmix.edit_distance.dataset,
        *mmix.images.datasets,
    ]
    return list(dict.fromkeys(named))
