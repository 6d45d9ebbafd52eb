# What jobs ask of a cluster: by kind of job, size of the data, epochs and seeds, and in the cluster's own words.
from relamp import resources

RATES = resources.load_rates(ROOT / "workflow" / "rates.csv")
CORES = resources.cores_of(ROOT / "slurm" / "profile.yaml")
SITE = resources.site_words(ROOT / "slurm" / "site.yaml")


def asked(kind, times=1, dataset=None):
    """The resources of a rule; `times` it passes over the data set, which is a wildcard unless it is named."""
    return resources.asked(RATES[kind], SITE, times, dataset)


def epochs(settings, method):
    """How many epochs a method takes: those of the settings, of its own training, or none."""
    row = METHODS[method]
    own = settings.mmix.training if row.group == "mmix" else None
    return (own or settings).epochs if row.trains else 0


def contrasted(epochs, sample_sizes):
    """How many million pairs of nodes are compared in all epochs, seeds and settings of training on nodes."""
    each = epochs * len(MMIX.nodes.seeds)
    return lambda wildcards: each * sum(
        resources.contrasts(wildcards.dataset, size) for size in sample_sizes
    )


def probed(methods, kept):
    """How many probes are fitted: to methods, seeds, branches, and checkpoints besides the last."""
    nodes = MMIX.nodes
    each = len(nodes.seeds) * len(nodes.pretraining.branches)
    fitted = len(methods) * each * (len(kept.checkpoints) + 1)
    return lambda wildcards: fitted * nodes.probe_of(wildcards.dataset).runs


RENDER = asked("render")
