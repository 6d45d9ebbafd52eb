"""Settings of a method's own public code, in place of those that all methods on nodes share."""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from relamp.method.nodes import NodeMethod
from relamp.settings.nodes import NodePretraining

# More nodes than any graph has: a step sees all of them.
ALL_NODES = 2**31 - 1


def with_own(settings: NodePretraining, group: str, own: Mapping[str, Any]) -> NodePretraining:
    """Return settings with a method's own laid over them, those of its group by their names alone.

    Its `epochs` are a limit to those that are configured, in its group's `most_epochs` where that has them, and
    checkpoints beyond them are left out.
    """
    words, given = settings.model_dump(), dict(own)
    for name in given.keys() & words[group].keys():
        words[group][name] = given.pop(name)
    epochs = min(given.pop("epochs"), settings.most_epochs(group))
    reached = [epoch for epoch in words["checkpoints"] if epoch <= epochs]
    return type(settings).model_validate({**words, **given, "epochs": epochs, "checkpoints": reached})


class PublishedMethod(NodeMethod):
    """A method that is trained as in its public code, unless its option `as_published` says otherwise.

    Attributes:
        group: its options among the settings.
    """

    group: ClassVar[str]

    def published(self, dataset: str) -> Mapping[str, Any]:
        """Return what its public code sets on a data set."""
        raise NotImplementedError

    def on(self, dataset: str) -> Self:
        """Return the method with the settings of its public code on a data set, if these are wanted."""
        if not getattr(self.settings, self.group).as_published:
            return self
        made = copy.copy(self)
        made.settings = with_own(self.settings, self.group, self.published(dataset))
        return made
