"""From stored rows alone to all tables, figures and verdicts: no torch, no raw data, no Snakemake, under a minute.

python -m relamp.lite pack ROWS.zip        gather the rows of the configured preset's finished run
python -m relamp.lite render ROWS.zip OUT  render everything from them
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from relamp.data.rows import read_rows
from relamp.errors import RelampError
from relamp.judge.measured import KINDS
from relamp.judge.published import load_published
from relamp.render.artifacts import MMIX_TABLES, TABLES
from relamp.render.damage import damage_figure
from relamp.render.over_epochs import over_epochs_figure
from relamp.render.sample_sizes import sample_size_figure
from relamp.render.sidecar import save_drawn, write_sidecar
from relamp.render.sweep import sweep_figure
from relamp.render.tables import render_table
from relamp.runtime.files import read_json, whole
from relamp.steps.compare import compare_methods, show_cross_table, show_leakage
from relamp.steps.judge import audit_papers, judge, print_verdicts, score_all
from relamp.study import runs
from relamp.study.config import Config, load_config
from relamp.study.paths import Layout
from relamp.study.runnable import methods_by_evaluation

_CONFIG = "config.json"
_MOST_BYTES = 2**32
_ROOT = Path(__file__).parents[2]


def pack(output: Path, preset: str | None = None) -> None:
    """Gather the rows of a finished run in one zip file, with the configuration.

    It is that of config.yaml, with another preset where one is named. Raises RelampError if rows are missing.
    """
    given = yaml.safe_load((_ROOT / "config.yaml").read_text(encoding="utf-8"))
    if preset:
        given = {**given, "preset": preset}
    config = load_config(given, _ROOT / "workflow" / "presets")
    folder = _ROOT / "results" / config.preset
    paths = _paths(Layout(config, str(folder)).everything())
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
    stored, command = Layout(config, str(out)), f"python -m relamp.lite render {rows} {out}"
    _figures(config, stored, out / "figures", command)
    _tables(config, stored, out / "tables", command)
    _judge(config, stored, out, command)


def _figures(config: Config, stored: Layout, folder: Path, command: str) -> None:
    damage = _paths(stored.damage())
    save_drawn(damage_figure(read_rows(damage)), folder / "lamp_fig2", damage, command)
    references = _paths(stored.over_datasets(runs.reference_runs))
    for name, parameter in (("lamp_fig4", "gamma"), ("lamp_fig5", "alpha")):
        rows = _paths(stored.over_datasets(runs.sweep_runs, parameter)) + references
        drawn = sweep_figure(read_rows(rows), parameter, [config.unsupervised.sweep_method])
        save_drawn(drawn, folder / name, rows, command)
    sweep, grid = config.mmix.nodes.sweep, _paths(stored.sweep())
    points = [{"sample_size": samples, "hidden": dimension} for samples, dimension in sweep.settings()]
    rows_of_grid = read_rows(grid, points * len(sweep.methods))
    save_drawn(sample_size_figure(rows_of_grid), folder / "mmix_fig2", grid, command)
    save_drawn(over_epochs_figure(rows_of_grid), folder / "mmix_fig3", grid, command)


def _tables(config: Config, stored: Layout, folder: Path, command: str) -> None:
    shown = {"lamp_table1": stored.table1(), "lamp_table2": stored.finetune(), "lamp_table3": stored.table3()}
    for name, paths in shown.items():
        table, title = TABLES[name], TABLES[name].title.format(corpus=config.transfer.corpus)
        _table(name, {table.kind: _paths(paths)}, title, None, table.transposed, folder / name, command)
    for name, artifact in MMIX_TABLES.items():
        rows = {kind: _paths(stored.mmix(kind)) for kind in artifact.kinds}
        _table(name, rows, artifact.title, artifact.methods, False, folder / name, command)


def _table(
    name: str,
    rows: Mapping[str, Sequence[Path]],
    title: str,
    shows: Sequence[str] | None,
    transposed: bool,
    stem: Path,
    command: str,
) -> None:
    published = _ROOT / "published" / f"{name}.csv"
    by_evaluation = {KINDS[kind]: read_rows(paths) for kind, paths in rows.items()}
    render_table(by_evaluation, load_published(published.parent, name), title, shows, transposed).write(stem)
    paths = [path for of_kind in rows.values() for path in of_kind]
    write_sidecar(stem.with_suffix(".json"), [published, *paths], command)


def _judge(config: Config, stored: Layout, out: Path, command: str) -> None:
    scores, settings, judging = out / "scores.csv", out / "settings.csv", config.judging.model_dump(mode="json")
    by_kind = {kind: _paths(paths) for kind, paths in stored.by_kind().items()}
    score_all(by_kind, runs.fixed_settings(config), scores, settings)
    published = _ROOT / "published"
    judge(
        scores,
        settings,
        _paths(stored.damage()),
        sorted(published.glob("*_table*.csv")),
        published / "claims.yaml",
        methods_by_evaluation(),
        judging,
        config.preset,
        {name: str(out / "tables" / f"{name}.html") for name in (*TABLES, *MMIX_TABLES)},
        out / "verdict",
        command,
    )
    show_leakage(scores, out / "figures" / "leakage", out / "tables" / "leakage", command)
    compare_methods(scores, judging, out / "figures" / "ranks", out / "tables" / "comparisons", command)
    show_cross_table(scores, out / "tables" / "cross_table", command)
    audit_papers(published, out / "tables" / "audit.csv", out / "tables" / "audit.md")
    print_verdicts(out / "verdict.csv", out / "claims.csv", out / "verdict.html", config.fail_on)


def _paths(texts: Sequence[str]) -> list[Path]:
    return [Path(text) for text in texts]


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
    packing.add_argument("--preset", help="another than the configured one")
    rendering = commands.add_parser("render", help="render everything from gathered rows")
    rendering.add_argument("rows", type=Path, help="the zip file to read")
    rendering.add_argument("out", type=Path, help="the folder to write")
    given = parser.parse_args(arguments)
    try:
        if given.command == "pack":
            pack(given.rows, given.preset)
        else:
            render(given.rows, given.out)
    except RelampError as error:
        print(f"relamp: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
