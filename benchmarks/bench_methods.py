"""A step of each method on nodes, beside one of mp-mix on the same graph; what takes no step, its making.

    python benchmarks/bench_methods.py Cora Pubmed --mirror /data/benchmarks
    python benchmarks/bench_methods.py Citeseer --mirror /data/benchmarks --methods dgi gae

CPU-seconds of one thread at width 256 and 4,000 sampled nodes. A column says how many million pairs of nodes, messages
or sampled pairs a step passes over (`steps_over` in `relamp.method.table`), and the last one how many pairs of mp-mix
take as long as each of these: the `work` by which `cost` estimates.
"""

import time
from functools import partial
from typing import Any

from common import arguments, data_set, one_thread, paired

from relamp.data.nodes import PackedNodes
from relamp.method.base import build
from relamp.method.table import METHODS
from relamp.settings.nodes import NodePretraining
from relamp.study.resources import contrasts, passed_over
from relamp.train.nodes import NodeTrainer

BESIDE = "mp-mix"
SAMPLED = 4000


def trainer_of(data: PackedNodes, method: str) -> NodeTrainer:
    """Return the trainer of a method as the table has it."""
    listed = METHODS["nodes"][method]
    named = {"name": method, "maker": listed.maker, "options": dict(listed.fixed), "trains": listed.trains}
    return NodeTrainer(data, build(named, NodePretraining(sample_size=SAMPLED)), seed=0)


def step(trainer: NodeTrainer) -> None:
    trainer.mode(training=True)
    trainer.descend(trainer.loss(trainer.samples()).total)


def main() -> None:
    parser = arguments(__doc__, repetitions=3)
    parser.add_argument("--methods", nargs="+", default=list(METHODS["nodes"]))
    given = parser.parse_args()
    one_thread()
    print("| data set, method | a step, s | over mp-mix's | million passed over | work |\n|---|---|---|---|---|")
    for dataset in given.datasets:
        data: Any = data_set(dataset, given.mirror)
        if not isinstance(data, PackedNodes):
            parser.error(f"{dataset}: is no graph of nodes; name one that is, such as Cora")
        beside = trainer_of(data, BESIDE)
        for method in given.methods:
            start = time.process_time()
            own = trainer_of(data, method)
            made = time.process_time() - start
            if not METHODS["nodes"][method].trains:
                print(f"| {dataset}, {method} | made in {made:.1f} | | | |", flush=True)
                continue
            rival, seconds = paired(partial(step, beside), partial(step, own), given.repetitions)
            ratio, over = min(seconds) / min(rival), passed_over(METHODS["nodes"][method], dataset, SAMPLED)
            work = ratio * contrasts(dataset, SAMPLED) / over
            print(f"| {dataset}, {method} | {min(seconds):.3f} | {ratio:.2f} | {over:.3g} | {work:.2g} |", flush=True)


if __name__ == "__main__":
    main()
