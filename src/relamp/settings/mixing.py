"""Options of M-Mix's mixing. This file imports no torch, so that a configuration can be checked without it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from relamp.settings.base import Ratio, Settings

MIXERS = ("none", "mo-mix", "mp-mix", "mp-mix-nodiv", "binary-mix", "random-mix", "i-mix")


class MixSettings(Settings):
    """What M-Mix leaves open, and where its paper and its public code disagree; the paper is the default.

    Attributes:
        constant: C, the weight of the sample itself in mo-mix (Eq. 7); None mixes by Eq. 5, where it is one among all.
        denominator: whether the sample itself counts in the denominator of Eq. 7 ("all") or not ("others"). Only
            without it the weights sum to 1 with C.
        scope: mix over the neighbours in the graph ("wp") or over all rows of a similarity above the threshold ("op").
        threshold: theta of the scope "op".
        weight_dropout: share of mp-mix's weights that is set to 0 in training; the rest is scaled up.
        score_gradient: gradient flows through the similarities too; the code for graphs cuts it.
        diversity: sign of Eq. 8: push the two projections "apart" (the paper), or "together", as one half of the
            code does.
        operator: mix by the weights, or by the normalised adjacency, as the code for nodes does after it has computed
            the weights.
    """

    constant: Annotated[float, Field(ge=0, lt=1)] | None = 0.2
    denominator: Literal["others", "all"] = "others"
    scope: Literal["wp", "op"] = "wp"
    threshold: Annotated[float, Field(ge=-1, le=1)] = 0.9
    weight_dropout: Ratio = 0.1
    score_gradient: bool = True
    diversity: Literal["apart", "together"] = "apart"
    operator: Literal["weights", "adjacency"] = "weights"

    @model_validator(mode="after")
    def _adjacency_is_known(self) -> Self:
        if self.operator == "adjacency" and self.scope == "op":
            raise ValueError("operator 'adjacency' needs the scope 'wp': without a graph there is no adjacency")
        return self
