"""From stored rows alone to all tables, figures and verdicts: no torch, no raw data, no Snakemake, under a minute.

python -m relamp.lite pack ROWS.zip        gather the rows of the configured preset's finished run
python -m relamp.lite render ROWS.zip OUT  render everything from them
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from relamp import runs
from relamp.config import Config, load_config
from relamp.config_names import BAG, FROM_SCRATCH, KERNELS
from relamp.errors import RelampError
from relamp.files import read_json, whole
from relamp.method.table import METHODS
from relamp.render.artifacts import TABLES
from relamp.render.figures import Parameter
from relamp.steps.compare import compare_methods, show_leakage
from relamp.steps.judge import audit_papers, judge, print_verdicts, score_all
from relamp.steps.render import render_damage, render_sweep, render_table

_CONFIG = "config.json"
_MOST_BYTES = 2**32
_ROOT = Path(__file__).parents[2]


class Rows:
    """Where the stored rows of a configuration lie below a folder."""

    def __init__(self, config: Config, folder: Path) -> None:
        """Take a preset's folder of results."""
        self.config, self.folder = config, folder

    def svm(self, chosen: Sequence[runs.Run]) -> list[Path]:
        """Rows of some runs."""
        return [self.folder / "svm" / run.dataset / run.method / run.setting / "rows.csv" for run in chosen]

    def controls(self) -> list[Path]:
        """Rows of kernels and of the bag that knows no structure."""
        chosen = self.config.unsupervised
        kernels = [self.folder / "kernel" / d / k / "rows.csv" for d in chosen.datasets for k in chosen.kernels]
        return kernels + self.bags()

    def bags(self) -> list[Path]:
        """Rows of the bag alone."""
        return [self.folder / BAG / dataset / "rows.csv" for dataset in self.config.unsupervised.datasets]

    def finetune(self) -> list[Path]:
        """Rows of fine-tuning."""
        chosen = self.config.transfer
        folder = self.folder / "transfer" / "finetune"
        return [folder / dataset / start / "rows.csv" for dataset in chosen.datasets for start in chosen.methods]

    def damage(self) -> list[Path]:
        """Rows of structural damage."""
        return [self.folder / "damage" / f"{dataset}.csv" for dataset in self.config.damage.datasets]

    def everything(self) -> list[Path]:
        """All rows that anything is rendered from."""
        return [*self.svm(list(runs.all_runs(self.config))), *self.controls(), *self.finetune(), *self.damage()]


def pack(output: Path) -> None:
    """Gather the rows of the finished run of the configured preset in one zip file, with the configuration.

    Raises RelampError if rows are missing.
    """
    given = yaml.safe_load((_ROOT / "config.yaml").read_text(encoding="utf-8"))
    config = load_config(given, _ROOT / "workflow" / "presets")
    folder = _ROOT / "results" / config.preset
    paths = Rows(config, folder).everything()
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise RelampError(f"{missing[0]} and {len(missing) - 1} more: not there; finish the run with `make reproduce`")
    with whole(output) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        # With a fixed date, so that the same rows give the same bytes.
        for path in paths:
            archive.writestr(_entry(path.relative_to(folder).as_posix()), path.read_bytes())
        # The user's own data sets by name: their folders are of no use elsewhere.
        words = config.model_dump(mode="json", exclude={"mirrors", "offline", "cache", "own"})
        archive.writestr(_entry(_CONFIG), json.dumps({"config": words, "own": list(config.own)}, indent=2))


def render(rows: Path, out: Path) -> None:
    """Unpack rows below a folder and render there all tables, figures and verdicts.

    Raises RelampError if the file holds no rows of a configuration.
    """
    _unpack(rows, out)
    words = read_json(out / _CONFIG)
    config = Config.model_validate(words["config"], context={"own": words["own"]})
    stored, command = Rows(config, out), f"python -m relamp.lite render {rows} {out}"
    figures, tables, published = out / "figures", out / "tables", _ROOT / "published"
    render_damage(stored.damage(), figures / "lamp_fig2", command)
    sweeps: tuple[tuple[str, Parameter], ...] = (("lamp_fig4", "gamma"), ("lamp_fig5", "alpha"))
    for name, parameter in sweeps:
        swept, references = _of_all(config, runs.sweep_runs, parameter), _of_all(config, runs.reference_runs)
        render_sweep(stored.svm(swept), stored.svm(references), parameter, figures / name, command)
    shown = {
        "lamp_table1": stored.svm(_of_all(config, runs.table_runs)) + stored.controls(),
        "lamp_table2": stored.finetune(),
        "lamp_table3": stored.svm(_of_all(config, runs.table3_runs)) + stored.bags(),
    }
    for name, paths in shown.items():
        table, title = TABLES[name], TABLES[name].title.format(corpus=config.transfer.corpus)
        render_table(
            paths, [], published / f"{name}.csv", table.kind, title, None, table.transposed, tables / name, command
        )
    _judge(config, stored, out, command)


def _judge(config: Config, stored: Rows, out: Path, command: str) -> None:
    fixed = {
        kind: {"gamma": chosen.gamma, "alpha": chosen.alpha}
        for kind, chosen in (("svm", config.unsupervised), ("finetune", config.transfer))
    }
    scores, settings, judging = out / "scores.csv", out / "settings.csv", config.judging.model_dump(mode="json")
    svm = stored.svm(list(runs.all_runs(config))) + stored.controls()
    score_all(svm, stored.finetune(), fixed, scores, settings)
    published, methods = _ROOT / "published", [*METHODS, *KERNELS, BAG, FROM_SCRATCH]
    judge(
        scores,
        settings,
        stored.damage(),
        sorted(published.glob("*_table*.csv")),
        published / "claims.yaml",
        methods,
        judging,
        config.preset,
        {name: str(out / "tables" / f"{name}.html") for name in TABLES},
        out / "verdict",
        command,
    )
    show_leakage(scores, out / "figures" / "leakage", out / "tables" / "leakage", command)
    compare_methods(scores, judging, out / "figures" / "ranks", out / "tables" / "comparisons", command)
    audit_papers(published, out / "tables" / "audit.csv", out / "tables" / "audit.md")
    print_verdicts(out / "verdict.csv", out / "claims.csv", out / "verdict.html", config.fail_on)


def _of_all(config: Config, select: runs.Select, *arguments: str) -> list[runs.Run]:
    return [run for dataset in config.unsupervised.datasets for run in select(config, dataset, *arguments)]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _unpack(rows: Path, out: Path) -> None:
    try:
        with zipfile.ZipFile(rows) as archive:
            names = [info.filename for info in archive.infolist()]
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES or _CONFIG not in names:
                raise RelampError(f"{rows}: holds no rows of a run; make it with `python -m relamp.lite pack`")
            # zipfile keeps members below the folder, whatever their names say.
            archive.extractall(out)
    except (OSError, zipfile.BadZipFile) as error:
        raise RelampError(f"{rows}: cannot be unpacked to {out} ({error}); name another file or folder") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m relamp.lite", description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="gather the rows of the configured preset's finished run")
    packing.add_argument("rows", type=Path, help="the zip file to write")
    rendering = commands.add_parser("render", help="render everything from gathered rows")
    rendering.add_argument("rows", type=Path, help="the zip file to read")
    rendering.add_argument("out", type=Path, help="the folder to write")
    given = parser.parse_args(arguments)
    try:
        if given.command == "pack":
            pack(given.rows)
        else:
            render(given.rows, given.out)
    except RelampError as error:
        print(f"relamp: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
