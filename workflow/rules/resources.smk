# What jobs ask of a cluster: by kind of job, size of the data, epochs and seeds, and in the cluster's own words.
from relamp.study import resources

RATES = resources.load_rates(ROOT / "workflow" / "rates.csv")
CORES = resources.cores_of(ROOT / "slurm" / "profile.yaml")
SITE = resources.site_words(ROOT / "slurm" / "site.yaml")


def asked(kind, times=1, dataset=None, **more):
    """The resources of a rule; `times` it passes over the data set, which is a wildcard unless it is named."""
    return resources.asked(RATES[kind], SITE, times, dataset, **more)


def epochs(settings, method):
    """How many epochs a method takes: those of the settings, of its own training, or none."""
    row = METHODS[method]
    own = settings.mmix.training if row.group == "mmix" else None
    return (own or settings).epochs if row.trains else 0


def asked_to_train(settings, times, method=None):
    """What it takes to train `times` on graphs, with as many seeds and settings; the method is a wildcard or named."""

    def passes(wildcards):
        return times * epochs(settings, method or wildcards.method)

    def kept(wildcards):
        graphs = resources.count("graphs", wildcards.dataset)
        shape, width = settings, settings.layers * settings.hidden
        if METHODS[method or wildcards.method].group == "mmix":
            shape = settings.mmix.training or settings
            width = shape.hidden
        floats = width * len(shape.checkpoints)
        weights = 4 * settings.layers * shape.hidden**2
        return times * resources.trained_mb(graphs, floats, weights)

    return asked("pretrain", passes, kept=kept)


def asked_to_train_nodes(part, points, branches):
    """What it takes to train on nodes with each seed, at each point: samples contrasted in a step, dimensions."""
    seeds = len(MMIX.nodes.seeds)

    def pairs(wildcards):
        millions = (
            resources.contrasts(wildcards.dataset, samples) for samples, _ in points
        )
        return seeds * part.epochs * sum(millions)

    def kept(wildcards):
        nodes, features = (
            resources.count(what, wildcards.dataset) for what in ("nodes", "features")
        )
        # The final embeddings besides those of checkpoints; both branches have weights for each feature.
        floats = branches * (len(part.checkpoints) + 1)
        return seeds * sum(
            resources.trained_mb(nodes, floats * width, 2 * features * width)
            for _, width in points
        )

    return asked("pretrain_nodes", pairs, kept=kept)


def probed(methods, kept):
    """How many probes are fitted: to methods, seeds, branches, and checkpoints besides the last."""
    nodes = MMIX.nodes
    each = len(nodes.seeds) * len(nodes.pretraining.branches)
    fitted = len(methods) * each * (len(kept.checkpoints) + 1)
    return lambda wildcards: fitted * nodes.probe_of(wildcards.dataset).runs


RENDER = asked("render")
