"""Files and arguments of each artifact's job, from its record and a configuration, for the workflow and for lite."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from relamp.artifacts import ARTIFACTS
from relamp.artifacts.base import (
    CONTROLS,
    KERNELS,
    TRANSFER_CONTROLS,
    Artifact,
    Figure,
    Ladder,
    Rows,
    Table,
    of_figure,
    of_table,
)
from relamp.data.registry import originals
from relamp.data.rows import DEFAULT, ONE_BRANCH, alone, branch_of, setting_values
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import NOT_RUN_FILE, PROTOCOLS_FILE, load_protocols, load_published, run_as
from relamp.method.table import METHODS
from relamp.study.config import Config
from relamp.study.names import BAG, BRANCHES, EDIT_KERNELS, FROM_SCRATCH, NODE_CONTROLS, SUPERVISED
from relamp.study.overrides import value_of
from relamp.study.own import corpus_words
from relamp.study.paths import HARD_NEGATIVES, INFORMATION, Paths, all_datasets
from relamp.study.scale import scale
from relamp.study.studies import BASE, CONTROL, Run, Study, answers, fixed_runs, owner, studies

# What a further sweep of a domain is drawn beside.
_CONTROLS = (CONTROL, "image-untrained")
ALSO_SPLITS = "also_splits"  # all studies of further splits of molecules
_GRID = Rows("grid", "probe")
LINKED = (".html", ".json")  # of each table: its page and its sidecar
Files = dict[str, str | list[str]]


class Plan:
    """The artifacts of a configuration, and what the job of each is given.

    Args:
        config: the configuration.
        results, figures: folders of its preset.
        published: the folder of the papers' numbers and claims.
        base: the folder of results of the unnamed run, if that is another.
    """

    def __init__(
        self, config: Config, results: str, figures: str, published: str = "published", base: str = ""
    ) -> None:
        self.config, self.results, self.figures, self.published = config, results, figures, published
        self.paths, self.studies = Paths(results, base), studies(config)
        self.known = {**ARTIFACTS, **{made.name: made for made in (*self._further_sweeps(), self._multiverse())}}
        # What nothing is run for (a list of data sets or methods is empty) is left out; a table still has its print.
        self.artifacts = {name: made for name, made in self.known.items() if not self._nothing_to_draw(made)}
        self.left_out = tuple(self.known.keys() - self.artifacts.keys())

    def inputs(self, artifact: Artifact) -> Files:
        """Return the inputs of an artifact by the parameters of its job function."""
        found: Files = {}
        if artifact.rows:
            found["rows"] = list(dict.fromkeys(path for rows in artifact.rows for _, _, path in self._rows(rows)))
        for name in artifact.inputs:
            found |= INPUTS[name](self, artifact)
        return found

    def _nothing_to_draw(self, artifact: Artifact) -> bool:
        if isinstance(artifact, Ladder) and not self._printed(artifact):
            return True
        if any(rows.study == ALSO_SPLITS and not list(self._rows(rows)) for rows in artifact.rows):
            return True  # there is no other split to compare with
        if not artifact.outputs.get("figures", ("one",)):
            return True  # a multiverse of no methods has no curves
        sweep = artifact.options.get("sweep") if isinstance(artifact, Figure) else None
        if sweep and sweep not in self.studies:
            return True  # what a sweep is drawn beside is none
        printed = not {"published", "all_published"}.isdisjoint(artifact.inputs)
        if artifact.rows and not printed and not self._has_rows(artifact):
            return True  # what shows rows alone has none
        draws = isinstance(artifact, Figure) or not artifact.outputs.keys().isdisjoint(("figure", "figures"))
        if not draws:
            return False
        made_of = [files for name, files in self.inputs(artifact).items() if name in ("rows", "mixed")]
        return not all((*made_of, *artifact.outputs.values()))

    def _has_rows(self, artifact: Artifact) -> bool:
        """Return whether anything is run that an artifact shows rows of."""
        return any(True for rows in artifact.rows for _ in self._rows(rows))

    def _printed(self, ladder: Ladder) -> bool:
        """Return whether a table prints a number of what is run."""
        folder = Path(self.published)
        table, protocols = folder / f"{ladder.explains}.csv", folder / PROTOCOLS_FILE
        if not table.is_file():
            return True  # its job says what is missing
        wanted = set(_printed(table, table.read_bytes()))
        for elsewhere in _elsewhere(protocols, protocols.read_bytes()):
            wanted |= {(elsewhere.get(dataset, dataset), method) for dataset, method in wanted}
        found = [each for rows in ladder.rows for each in self._rows(rows)]
        copied = originals({dataset for dataset, _, _ in found})
        return any((copied.get(dataset, dataset), branch_of(run.method)[0]) in wanted for dataset, run, _ in found)

    def outputs(self, artifact: Artifact) -> dict[str, list[str]]:
        """Return the outputs of an artifact by the parameters of its job function."""
        folders = {"results": self.results, "figures": self.figures}
        return {name: [path.format(**folders) for path in paths] for name, paths in artifact.outputs.items()}

    def modules(self, artifact: Artifact) -> tuple[str, ...]:
        """Return the modules that its job loads by name, those that read its rows among them."""
        return (*artifact.modules, *(EVALUATIONS[rows.evaluation].read.partition(":")[0] for rows in artifact.rows))

    def params(self, artifact: Artifact) -> dict[str, Any]:
        """Return the further arguments of its job function, as JSON has them."""
        words: dict[str, Any] = {}
        if isinstance(artifact, Figure):
            given = dict(artifact.options)
            found = {**self._sweep(given.pop("sweep", None)), **self._skip(given.pop("second", None))}
            words |= {"draw": artifact.draw, "options": {**found, **given}}
        if isinstance(artifact, Table):
            words |= {"title": artifact.title.format(corpus=self._corpus()), "shows": artifact.shows}
            words |= {"transposed": artifact.transposed, "second": artifact.second}
        words |= {name: GIVEN[name](self) for name in artifact.given}
        return words

    def _corpus(self) -> str:
        """Return what encoders are pre-trained on, in words; in a run of controls nothing is."""
        return corpus_words(self.config) if self.studies["corpus"].runs else "nothing"

    def fixed(self) -> dict[str, dict[str, str]]:
        """Return by evaluation the setting of each method in the tables, where it is not the default."""
        found: dict[str, dict[str, str]] = {}
        for study in self.studies.values():
            for evaluation in study.protocols if not study.together else ():
                named = {run.method: run.setting for run in study.runs if run.setting != DEFAULT}
                found.setdefault(evaluation, {}).update(named)
        return found

    def judged_by(self) -> dict[str, dict[str, str]]:
        """Return for each figure and table of a paper with rows, by domain, the evaluation that its cells show.

        It is that of the first rows of the domain: those after it measure what the table's own cannot. What is left
        out is among them: its printed numbers are told as not run.
        """
        return {
            made.name: {EVALUATIONS[rows.evaluation].domain: rows.evaluation for rows in reversed(made.rows)}
            for made in self.known.values()
            if made.paper in ("lamp", "mmix") and made.rows and not isinstance(made, Ladder)
        }

    def bags(self) -> dict[str, dict[str, str]]:
        """Return by domain and method the control that sees the same features without edges; none where none does."""
        chosen = self.config.unsupervised
        counted, own, mmix = chosen.kernel_options.max_degree, chosen.pretraining, chosen.pretraining.mmix
        found = {"wl": "bag-labels", "sp": "bag-labels"}
        for name, row in METHODS["graphs"].items():
            if row.fixed.get("encoder", {}).get("inputs", "features") != "features":
                continue  # no bag sees what such an encoder sees
            of_mmix = mmix.model_copy(update=dict(row.fixed.get("options", {})))
            features, most, first = own.features, own.max_degree, "own"
            if row.group == "mmix":
                features, most, first = of_mmix.features, of_mmix.max_degree, of_mmix.first_label
            fits = features == "labels" or most == counted
            if fits and first == ("shared" if features == "attributes" else "own"):
                found[name] = f"bag-{features}"
        molecules = dict.fromkeys((*METHODS["molecules"], FROM_SCRATCH), "ecfp")
        return {"graphs": found, "nodes": dict.fromkeys(METHODS["nodes"], "raw-features"), "molecules": molecules}

    def pages(self) -> dict[str, str]:
        """Return the page of each table."""
        return {
            made.name: self.outputs(made)["output"][0] for made in self.artifacts.values() if isinstance(made, Table)
        }

    def gallery(self) -> list[dict[str, Any]]:
        """Return what the first page leads to: all artifacts but itself.

        Of each name, label, paper, title and files, and whether it has a paper's numbers and none of this run.
        """
        return [
            {
                **{"name": made.name, "label": made.label, "paper": made.paper},
                "title": self.params(made)["title"] if isinstance(made, Table) else "",
                "print_alone": isinstance(made, Table) and not self._has_rows(made),
                "files": [path for paths in self.outputs(made).values() for path in paths],
            }
            for made in self.artifacts.values()
            if made.name != "index"
        ]

    def made(self, _: Artifact) -> Files:
        """Return what the first page is made of and leads to, each file once."""
        named = {
            "cells": f"{self.results}/verdict.csv",
            "claims": f"{self.results}/claims.csv",
            "picture": f"{self.figures}/numbers.png",
        }
        made = [path for each in self.gallery() for path in each["files"] if path not in named.values()]
        return {**named, "made": made}

    def all_rows(self) -> list[str]:
        """Return all rows that anything is rendered from without packed data, each once."""
        found = [self.inputs(made) for made in self.artifacts.values() if made.lite]
        paths = [path for files in found for name in ("rows", "damage", "views") for path in files.get(name, ())]
        return list(dict.fromkeys(paths))

    def asked(self, artifact: Artifact) -> dict[str, Any]:
        """Return the facts that each stored file of an artifact is to have, by its path; see `Study.facts`."""
        found: dict[str, Any] = {}
        for rows in artifact.rows:
            found |= self._facts(rows)
        for name in artifact.inputs:
            found |= ASKED[name](self, artifact) if name in ASKED else {}
        return found

    def _facts(self, rows: Rows) -> dict[str, Any]:
        """Return the facts that each stored file of some rows is to have, by its path."""
        return {
            path: owner(self.studies, rows.evaluation, run).facts(rows.evaluation, dataset, run)
            for dataset, run, path in self._rows(rows)
        }

    def stored(self) -> list[str]:
        """Return all files that artifacts are made of, each once, published ones left out."""
        inputs = [files for made in self.artifacts.values() for files in self.inputs(made).values()]
        found = dict.fromkeys(path for files in inputs for path in ([files] if isinstance(files, str) else files))
        return [path for path in found if path.startswith((f"{self.results}/", f"{self.paths.shared}/"))]

    def runs(self) -> list[str]:
        """Return the facts of all trainings on graphs at the setting of the tables, all seeds of a run together."""
        found: dict[str, None] = {}
        for study in (self.studies[name] for name in ("tables", "cross", "linear")):
            for dataset, run in product(study.datasets, study.runs):
                found |= dict.fromkeys(self.paths.trained(study.domain, dataset, [run.trained], study.seeds)["run"])
        return list(found)

    def _rows(self, rows: Rows) -> Iterator[tuple[str, Run, str]]:
        swept = [study for study in self._swept() if study.domain == "graphs"]
        chosen = swept if rows.study == "sweeps" else [self.studies[rows.study]] if rows.study in self.studies else []
        if rows.study == ALSO_SPLITS:
            chosen = [study for study in self.studies.values() if study.of_another_split]
        for study in chosen:
            found = self.paths.rows_of(study, rows.evaluation, rows.methods)
            yield from (each for each in found if each[1].method not in rows.but)

    def _swept(self) -> list[Study]:
        return [study for study in self.studies.values() if study.over]

    def _further_sweeps(self) -> Iterator[Figure]:
        """Yield a figure for each sweep that no figure of a paper shows."""
        shown = {made.options.get("sweep") for made in ARTIFACTS.values()}
        for study in self._swept():
            if study.name not in shown:
                (evaluation,) = study.protocols
                yield Figure(
                    name=f"sweep_{study.name}",
                    label=f"Sweep of {study.name.replace('_', ' ')}",
                    rows=(Rows(study.name, evaluation), Rows(BASE[study.domain], evaluation, _CONTROLS)),
                    draw="relamp.render.sweep:sweep_figure",
                    options={"sweep": study.name, "evaluation": evaluation},
                    caption="sweep",
                )

    def readings(self) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
        """Return by evaluation, method and setting the answers of the multiverse, the configured setting first."""
        return {
            evaluation: {method: answers(self.config, study, method) for method in study.methods}
            for study in self._universes()
            for evaluation in study.protocols
        }

    def _universes(self) -> list[Study]:
        return [study for study in self.studies.values() if study.of_readings]

    def _multiverse(self) -> Artifact:
        """Return the record of all specification curves and the table of what they come to."""
        studies = self._universes()
        curves = [
            f"multiverse_{evaluation}_{method}"
            for study in studies
            for evaluation in study.protocols
            for method in study.methods
        ]
        beside = {"lamp": "tables", "graphs": "linear", "edits": "edits", "nodes": "nodes"}
        beside = {f"multiverse_{part}": tables for part, tables in beside.items()}
        rows = [Rows(study.name, evaluation) for study in studies for evaluation in study.protocols]
        # Level lines: an untrained encoder and a bag of the same features.
        untrained = [
            name for rows_of in METHODS.values() for name, row in rows_of.items() if not row.trains and row.encodes
        ]
        levels = (*untrained, *(name for of in self.bags().values() for name in of.values()))
        rows += [Rows(beside[study.name], evaluation, levels) for study in studies for evaluation in study.protocols]
        return Artifact(
            name="multiverse",
            label="All readings",
            rows=tuple(rows),
            inputs=("all_published", "measured_by"),
            call="relamp.artifacts.multiverse:multiverse",
            given=("judged_by", "judging", "readings", "bags"),
            outputs={
                "figures": tuple(file for curve in curves for file in of_figure(curve)),
                "conclusion": of_table("multiverse", "html", "csv", "md", "tex"),
                "moves": of_table("multiverse_effects", "html", "csv", "md", "tex"),
            },
            caption="multiverse",
        )

    def _sweep(self, name: str | None) -> dict[str, Any]:
        """Return what the drawing of a sweep needs to know."""
        if name not in self.studies:
            return {}
        study = self.studies[name]
        methods = list(dict.fromkeys(run.method for run in study.runs))
        # Of a grid the parameter with the most values runs along the axis, whatever the order of its words.
        values = [setting_values(run.setting) for run in study.runs]
        parameter = max(study.over, key=lambda name: len({of.get(name) for of in values}))
        configured = value_of(study.training, study.row(methods[0]), parameter)
        return {"parameter": parameter, "methods": methods, "configured": configured}

    def _skip(self, second: bool | None) -> dict[str, int]:
        """Return the anchors that the first picture shows already, where there is no second data set."""
        alone = len(self.config.mmix.images.datasets) < 2
        first = int(ARTIFACTS["mmix_fig4"].options["anchors"])
        return {} if second is None else {"skip": first if second and alone else 0}

    def _picture(self, artifact: Artifact) -> tuple[str, Run]:
        """Return data set and run; Fig. 5 shows the second data set, or further anchors of the only one."""
        images = self.config.mmix.images
        dataset = images.datasets[:2][-1] if artifact.options["second"] else images.datasets[0]
        return dataset, fixed_runs("images", images.pretraining, [images.picture])[0]

    def pictures(self, artifact: Artifact) -> Files:
        """Return images and mixing weights."""
        if not self.config.mmix.images.datasets:
            return {"data": [], "guard": [], "mixed": []}
        dataset, run = self._picture(artifact)
        mixed = self.paths.trained("images", dataset, [run], self.studies["images"].seeds[:1])["mixed"]
        return {"data": self.paths.packed(dataset), "guard": self.paths.guard(dataset), "mixed": mixed}

    def pictures_asked(self, artifact: Artifact) -> dict[str, Any]:
        """Return how the run was trained whose mixing weights are shown."""
        if not self.config.mmix.images.datasets:
            return {}
        study, files = self.studies["images"], self.pictures(artifact)
        facts = {**(study.training_of(self._picture(artifact)[1]) or {}), "seed": study.seeds[0]}
        return dict.fromkeys(files["mixed"], facts)

    def grid(self, _: Artifact) -> Files:
        """Return the rows of M-Mix's grid of sample sizes and widths, of which claims are and no table."""
        return {"grid": [path for _, _, path in self._rows(_GRID)]}

    def grid_asked(self, _: Artifact) -> dict[str, Any]:
        """Return the facts of the rows of M-Mix's grid."""
        return self._facts(_GRID)

    def hard_negatives(self, _: Artifact) -> Files:
        """Return rows and draws of the theorem's runs."""
        study = self.studies["theorem"]
        made = [self.paths.hard_negatives(dataset, run) for dataset, run in product(study.datasets, study.runs)]
        return {"rows": [files["output"] for files in made], "draws": [files["draws"] for files in made]}

    def hard_negatives_asked(self, _: Artifact) -> dict[str, Any]:
        """Return the facts of rows and draws of the theorem's runs."""
        study = self.studies["theorem"]
        protocol = theorem_protocol(self.config)
        return {
            path: study.facts(HARD_NEGATIVES, dataset, run, protocol)
            for dataset, run in product(study.datasets, study.runs)
            for path in self.paths.hard_negatives(dataset, run).values()
        }

    def _swept_gamma(self) -> list[tuple[str, Run]]:
        """Return data sets of LAMP's theorem and the runs of the sweep over gamma, those of the tables among them."""
        theorem, swept = self.studies["information"], self.studies.get("gamma")
        if not swept or swept.over != ("gamma",):
            return []
        tables = [run for run in theorem.runs if swept.row(run.method).group == "lamp"]
        runs = dict.fromkeys((*swept.runs, *(run for run in tables if run.method in {r.method for r in swept.runs})))
        return [*product([name for name in theorem.datasets if name in swept.datasets], runs)]

    def information(self, _: Artifact) -> Files:
        """Return rows of LAMP's theorem, of the tables' runs and of others swept over gamma, and their accuracies."""
        theorem, swept = self.studies["information"], self._swept_gamma()
        own = [*product(theorem.datasets, theorem.runs)]
        return {
            "rows": [self.paths.rows(INFORMATION, *pair) for pair in own],
            "swept": [self.paths.rows(INFORMATION, *pair) for pair in swept if pair not in own],
            "accuracies": [self.paths.rows("svm-rbf", *pair) for pair in swept],
        }

    def views_asked(self, made: Artifact) -> dict[str, Any]:
        """Return the facts of the rows of the tables' runs among them."""
        own, every = self.information(made)["rows"], self.information_asked(made)
        return {path: every[path] for path in own}

    def information_asked(self, _: Artifact) -> dict[str, Any]:
        """Return the facts of all these rows."""
        theorem, swept = self.studies["information"], self._swept_gamma()
        found = {
            self.paths.rows(INFORMATION, dataset, run): theorem.facts(
                INFORMATION, dataset, run, information_protocol(self.config, theorem, run)
            )
            for dataset, run in (*product(theorem.datasets, theorem.runs), *swept)
        }
        for dataset, run in swept:
            facts = owner(self.studies, "svm-rbf", run).facts("svm-rbf", dataset, run)
            found[self.paths.rows("svm-rbf", dataset, run)] = facts
        return found

    def damage_asked(self, _: Artifact) -> dict[str, Any]:
        """Return the facts of the rows of structural damage."""
        protocol = damage_protocol(self.config)
        named = self.config.damage.datasets
        return {self.paths.damage(dataset): {"dataset": dataset, "protocol": protocol} for dataset in named}


@lru_cache
def _printed(table: Path, content: bytes) -> frozenset[tuple[str, str]]:  # noqa: ARG001 - what is read is the key
    """Return the data set and method of each number that a table prints."""
    printed = load_published(table.parent, table.stem).dropna(subset=["value"])
    pairs = zip(printed["dataset"], printed["method"], strict=True)
    return frozenset((dataset, branch_of(run_as(table.stem, method))[0]) for dataset, method in pairs)


@lru_cache
def _elsewhere(protocols: Path, content: bytes) -> list[Mapping[str, str]]:  # noqa: ARG001 - what is read is the key
    """Return under which names of data sets each protocol has its scores."""
    return [how.datasets for how in load_protocols(protocols).values()]


def theorem_protocol(config: Config) -> dict[str, Any]:
    """Return the options of the check of Theorem 3.1."""
    return config.mmix.nodes.theorem.model_dump(mode="json", include={"permutations", "anchors"})


def information_protocol(config: Config, study: Study, run: Run) -> dict[str, Any]:
    """Return the options of the check of Theorem 4.1: all for a run of its study, for others their own gamma alone."""
    words = config.unsupervised.theorem.model_dump(mode="json", exclude={"datasets", "methods"})
    gamma = study.trained_by(run).model_dump()["lamp"]["gamma"]
    if run not in study.runs:
        return {**words, "gammas": [gamma], "augmentations": [], "noise": []}
    return {**words, "gammas": sorted({*words["gammas"], gamma})}


def damage_protocol(config: Config) -> dict[str, Any]:
    """Return the options of the measurement of structural damage."""
    return config.damage.model_dump(mode="json", exclude={"datasets"})


def methods_by_evaluation() -> dict[str, list[str]]:
    """Return the names of all methods that each evaluation can score: published cells of others get no verdict."""
    nodes, graphs = METHODS["nodes"], list(METHODS["graphs"])
    branches = [alone(name, b) for name, row in nodes.items() if row.maker.endswith(":MVGRL") for b in ONE_BRANCH]
    scored = [*graphs, *KERNELS, BAG, *CONTROLS]
    own = {
        "finetune": [*METHODS["molecules"], FROM_SCRATCH, *TRANSFER_CONTROLS],
        "probe": [*nodes, *branches, *NODE_CONTROLS],
        "svm-linear": [*scored, *BRANCHES],
        "edit-distance": [*graphs, *EDIT_KERNELS],
        **{name: list(models) for name, models in SUPERVISED.items()},
    }
    by_domain = {"graphs": scored, "nodes": list(nodes), "images": list(METHODS["images"])}
    return {name: own.get(name) or by_domain[row.domain] for name, row in EVALUATIONS.items()}


# Further inputs and arguments, by the names that records have for them.
INPUTS: Mapping[str, Callable[[Plan, Artifact], Files]] = {
    "all_published": lambda plan, _: {"published": sorted(map(str, Path(plan.published).glob("*_table*.csv")))},
    "claims": lambda plan, _: {"claims": f"{plan.published}/claims.yaml"},
    "protocols": lambda plan, _: {
        "protocols": f"{plan.published}/{PROTOCOLS_FILE}",
        "not_run": f"{plan.published}/{NOT_RUN_FILE}",
    },
    "measured_by": lambda plan, _: {"protocols": f"{plan.published}/{PROTOCOLS_FILE}"},
    "damage": lambda plan, made: {
        "rows" if isinstance(made, Figure) else "damage": [*map(plan.paths.damage, plan.config.damage.datasets)]
    },
    "explained": lambda plan, made: {
        "published": f"{plan.published}/{made.explains if isinstance(made, Ladder) else made.name}.csv",
        "protocols": f"{plan.published}/{PROTOCOLS_FILE}",
    },
    "folds": lambda plan, _: {
        "splits": [
            plan.paths.folds(dataset, seed)
            for dataset, seed in product(plan.studies["tables"].datasets, plan.studies["tables"].seeds)
        ]
    },
    "grid": Plan.grid,
    "guards": lambda plan, _: {"reports": [*map(plan.paths.guard, all_datasets(plan.config))]},
    "hard_negatives": Plan.hard_negatives,
    "information": Plan.information,
    "made": Plan.made,
    # What a page links is there before it is written.
    "pages": lambda plan, _: {
        "linked": [str(Path(page).with_suffix(kind)) for page in plan.pages().values() for kind in LINKED]
    },
    "pictures": Plan.pictures,
    "published": lambda plan, made: {
        "published": f"{plan.published}/{made.name}.csv",
        "not_run": f"{plan.published}/{NOT_RUN_FILE}",
    },
    "verdicts": lambda plan, _: {"cells": f"{plan.results}/verdict.csv"},
    "views": lambda plan, made: {"views": plan.information(made)["rows"]},
    "runs": lambda plan, _: {"runs": plan.runs()},
    "scaffolds": lambda plan, _: {
        "splits": [
            plan.paths.split(dataset, name)
            for dataset, name in product(plan.config.transfer.datasets, plan.config.transfer.splits())
        ]
    },
}
# Of those that hold results, what is asked of them.
ASKED: Mapping[str, Callable[[Plan, Artifact], dict[str, Any]]] = {
    "damage": Plan.damage_asked,
    "grid": Plan.grid_asked,
    "hard_negatives": Plan.hard_negatives_asked,
    "information": Plan.information_asked,
    "pictures": Plan.pictures_asked,
    "views": Plan.views_asked,
}
GIVEN: Mapping[str, Callable[[Plan], Any]] = {
    "bags": Plan.bags,
    "covers": lambda plan: {"finetune": plan.config.transfer.covered()},
    "fixed": Plan.fixed,
    "gallery": Plan.gallery,
    "gamma": lambda plan: plan.config.unsupervised.pretraining.lamp.gamma,
    "judged_by": Plan.judged_by,
    "judging": lambda plan: plan.config.judging.model_dump(mode="json"),
    "methods": lambda _: methods_by_evaluation(),
    "pages": Plan.pages,
    "preset": lambda plan: plan.config.preset,
    "readings": Plan.readings,
    "run": lambda plan: plan.config.name,
    "scale": lambda plan: scale(plan.config),
    "split": lambda plan: plan.config.transfer.split,
}
