"""By which evaluation the papers' artifacts are judged, by domain of the data set."""

from collections.abc import Mapping

_NODES, _GRAPHS, _IMAGES = {"nodes": "probe"}, {"graphs": "svm-linear"}, {"images": "image-probe"}
_RBF = {"graphs": "svm-rbf"}
JUDGED_BY: Mapping[str, Mapping[str, str]] = {
    **{f"lamp_{name}": _RBF for name in ("table1", "table3", "fig4", "fig5")},
    "lamp_table2": {"molecules": "finetune"},
    **{f"mmix_{name}": _NODES for name in ("table2", "table8")},
    **{f"mmix_{name}": _GRAPHS for name in ("table3", "table4")},
    "mmix_table5": {"nodes": "kmeans"},
    **{f"mmix_{name}": {**_NODES, **_GRAPHS} for name in ("table6", "table9")},
    "mmix_table7": {**_NODES, **_IMAGES},
    "mmix_table10": {"graphs": "edit-distance"},
}
