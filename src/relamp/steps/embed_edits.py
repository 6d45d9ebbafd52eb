"""Embed the triplets of the graph edit distance by trained encoders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from relamp.data.packed import PackedGraphs
from relamp.evaluate.edit_distance import edits
from relamp.method.build import build
from relamp.runtime.files import whole
from relamp.settings.evaluation import EditDistanceProtocol
from relamp.settings.graphs import Pretraining
from relamp.steps.training import choose_device
from relamp.train.graphs import draw_encoder, embed, features_of, settings_of


def embed_edits(
    data_path: Path,
    encoders: Mapping[int, Path],
    row: Mapping[str, Any],
    settings: Mapping[str, Any],
    protocol: Mapping[str, Any],
    outputs: Mapping[int, Path],
    threads: int = 1,
) -> None:
    """Write for each seed one array `n~N` of `[3, G, D]` a size: anchors, positives and negatives.

    Args:
        data_path: packed graphs, the ones that the encoders were trained on.
        encoders: the encoder of each seed, as `relamp.steps.pretrain` leaves it.
        row, settings: the method and its settings, as they were given to `relamp.steps.pretrain`.
        protocol: see `relamp.settings.graphs.EditDistanceProtocol`.
        outputs: a file for each seed.
        threads: CPU threads.
    """
    device = choose_device(threads)
    data = PackedGraphs.load(data_path)
    chosen = Pretraining.model_validate(settings)
    method = build(row["maker"], chosen if row["settings"] else None, row["options"])
    chosen = settings_of(method, chosen)
    for seed, path in encoders.items():
        encoder, _ = draw_encoder(data, method, chosen, torch.Generator().manual_seed(seed))
        encoder.load_state_dict(load_file(path))
        encoder.to(device)
        arrays = {
            f"n~{nodes}": torch.stack(
                [embed(encoder, part, chosen, device, features_of(method, part)) for part in made.parts()]
            )
            for nodes, made in edits(data, EditDistanceProtocol.model_validate(protocol), seed)
        }
        with whole(outputs[seed]) as beside:
            save_file(arrays, beside)
