import numpy as np
import pytest

from relamp.errors import RelampError
from relamp.render.damage import damage_figure
from stored_rows import damage_rows


def test_boxes_by_hand() -> None:
    rows = damage_rows()
    bad = (rows["augmentation"] == "subgraph") & (rows["graph"] == 10)
    rows.loc[bad, "status"] = "zero_entropy"
    rows.loc[bad, "value"] = np.nan
    _, plotted = damage_figure(rows)
    assert plotted["augmentation"].tolist() == ["node_drop"] * 2 + ["subgraph"] * 2
    assert plotted["reading"].tolist() == ["paper", "code"] * 2
    whole, cut = plotted.iloc[0], plotted.iloc[2]
    # The values are 0, 10 ... 100 %, each twice: the quantiles lie at 0.05 * 21 = 1.05 and so on of them, from 0.
    assert whole["q05"] == pytest.approx(0.05 * 10)
    assert whole["q25"] == pytest.approx(20 + 0.25 * 10)
    assert whole["median"] == pytest.approx(50.0)
    assert whole["mean"] == pytest.approx(50.0)
    assert whole["q95"] == pytest.approx(90 + 0.95 * 10)
    assert (whole["n"], whole["graphs"], whole["draws"], whole["no_edges"], whole["zero_entropy"]) == (22, 11, 2, 0, 0)
    assert cut["mean"] == pytest.approx(45.0)
    assert (cut["n"], cut["graphs"], cut["no_edges"], cut["zero_entropy"]) == (20, 11, 0, 1)


def test_the_figure_draws_the_boxes_and_counts_what_is_left_out() -> None:
    rows = damage_rows(("Cuneiform", "REDDIT-BINARY", "NCI1", "MUTAG"))
    rows.loc[(rows["dataset"] == "Cuneiform") & (rows["graph"] < 2), ["status", "value"]] = ["no_edges", np.nan]
    figure, plotted = damage_figure(rows)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["node dropping", "subgraph"]
    for axis, name in zip(figure.axes, ("node_drop", "subgraph"), strict=True):
        cells = plotted[plotted["augmentation"] == name]
        medians = [float(line.get_ydata()[0]) for line in axis.lines if line.get_linewidth() > 2]  # type: ignore[index]
        assert sorted(medians) == pytest.approx(sorted(cells["median"]))
    # The paper's two first, then those of its appendix, then others.
    ticks = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert ticks == ["MUTAG\nn 22", "RED-B\nn 22", "NCI1\nn 22", "Cuneiform\nn 18"]
    note = " ".join(figure.get_supxlabel().split())
    assert "graphs × 2 draws" in note
    assert "graphs without edges: Cuneiform 2; graphs of zero entropy: none" in note


def test_small_effects_have_a_scale_of_their_own() -> None:
    rows = damage_rows(("MUTAG", "DD"))
    rows.loc[rows["augmentation"] == "node_drop", "value"] /= 100
    node_drop, subgraph = damage_figure(rows)[0].axes
    assert node_drop.get_ylim()[1] < 2
    assert subgraph.get_ylim()[1] > 99


def test_a_cell_with_nothing_left_is_shown_as_empty() -> None:
    _, plotted = damage_figure(damage_rows().assign(status="no_edges", value=np.nan))
    assert plotted["n"].eq(0).all()
    assert plotted["median"].isna().all()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"status": "odd"}, "status .'odd'."), ({"reading": "odd"}, "reading .'odd'."), ({"value": np.nan}, "marked ok")],
)
def test_rows_that_make_no_sense_are_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        damage_figure(damage_rows().assign(**change))  # type: ignore[arg-type]
