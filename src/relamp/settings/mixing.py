"""Options of M-Mix's mixing."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from relamp.settings.base import Ratio, Settings

MIXERS = ("none", "mo-mix", "mp-mix", "mp-mix-nodiv", "binary-mix", "random-mix", "i-mix")


def known_mixer(name: str) -> str:
    """Return the name of a mixer; raise ValueError if there is no such mixer."""
    if name not in MIXERS:
        raise ValueError(f"{name}: no such mixer; choose one of {', '.join(MIXERS)}")
    return name


class MixSettings(Settings):
    """Choices that M-Mix leaves open or where its paper and public code disagree; the default is the paper's."""

    constant: Ratio | None = 0.2
    """Weight C of the sample itself in mo-mix (Eq. 7); null mixes by Eq. 5, where the sample is one among all."""
    denominator: Literal["others", "all"] = "others"
    """Whether the sample itself counts in the denominator of Eq. 7 (all) or not (others); only without it do the
    weights sum to 1 together with C."""
    scope: Literal["wp", "op"] = "wp"
    """Mix over the neighbours in the graph (wp), or over all rows whose similarity exceeds the threshold (op)."""
    threshold: Annotated[float, Field(ge=-1, le=1)] = 0.9
    """Similarity threshold theta of the scope op."""
    weight_dropout: Ratio = 0.1
    """Share of mp-mix's weights that is set to 0 in training; the other weights are scaled up."""
    score_gradient: bool = True
    """Whether gradient flows through the similarities too; the public code for graphs cuts it."""
    diversity: Literal["apart", "together"] = "apart"
    """Sign of Eq. 8: push the two projections apart (apart, the paper) or together (together, one half of the code)."""
    operator: Literal["weights", "adjacency"] = "weights"
    """Mix by the weights (weights), or by the normalised adjacency (adjacency), as the public code for nodes does after
    it has computed the weights."""
    layer: Literal["words", "code"] = "words"
    """What MVGRL's branch a mixes, and what follows: PReLU(A X W + b) and g, Linear-PReLU-Linear (words, Fig. 1 and
    Eq. 9), or A X W, of which g makes PReLU(g(.) + b), g without biases (code). GRACE and SimCLR have no such layer."""

    @model_validator(mode="after")
    def _adjacency_is_known(self) -> Self:
        if self.operator == "adjacency" and self.scope == "op":
            raise ValueError("operator 'adjacency' needs the scope 'wp': without a graph there is no adjacency")
        return self
