"""Vectors of words and of documents by gensim, which not every installation has; words are numbers.

One thread trains, so that a seed gives the same bits. Of a sentence or document, gensim sees the first 10,000 words.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers
from relamp.data.streams import stream
from relamp.errors import RelampError

Vectors = NDArray[np.float32]
Order = Literal["drawn", "file"]


def places_in(order: Order, count: int, seed: int) -> Integers:
    """Return the order `[count]` in which documents are passed over: one that is drawn once, or that of the file.

    In that of the file a vector tells where its document stands, and with it the class where classes stand one after
    another; so does that of a word which few documents have.
    """
    return stream(seed, "order").permutation(count) if order == "drawn" else np.arange(count)


def word_vectors(
    sentences: Callable[[], Iterable[Integers]], words: int, dimension: int, seed: int, **options: Any
) -> Vectors:
    """Return skip-gram vectors `[words, dimension]` of the words 0, 1, ... (Mikolov et al. 2013).

    `sentences` gives all sentences anew each time; `options` are those of gensim's Word2Vec. A word of no sentence
    gets 0, and so do all where there are not two of them to tell apart. Raises RelampError if gensim is not installed.
    """
    module = _gensim("word2vec")
    if not _several(sentences):
        return np.zeros((words, dimension), dtype=np.float32)
    model = module.Word2Vec(_Lists(sentences), vector_size=dimension, sg=1, **_common(seed, options))
    vectors = np.zeros((words, dimension), dtype=np.float32)
    vectors[np.array(model.wv.index_to_key, dtype=np.int64)] = model.wv.vectors
    return vectors


def document_vectors(
    documents: Sequence[Integers],
    dimension: int,
    seed: int,
    order: Order = "drawn",
    **options: Any,
) -> Vectors:
    """Return a vector of each document `[documents, dimension]`, by its words (Le and Mikolov 2014).

    They are passed over as `places_in` says. `options` are those of gensim's Doc2Vec: `dm` is 0 for
    a document that predicts each of its words by itself, 1 for one that does so together with the words around it.
    All are 0 where there are not two words to tell apart. Raises RelampError if gensim is not installed.
    """
    module = _gensim("doc2vec")
    if not _several(lambda: documents):
        return np.zeros((len(documents), dimension), dtype=np.float32)
    places = places_in(order, len(documents), seed)
    tagged = _Lists(
        lambda: (documents[place] for place in places),
        lambda words, number: module.TaggedDocument(words, [int(places[number])]),
    )
    model = module.Doc2Vec(tagged, vector_size=dimension, **_common(seed, options))
    return np.asarray(model.dv.vectors, dtype=np.float32)


def _several(sentences: Callable[[], Iterable[Integers]]) -> bool:
    """Return whether there are two different words: of fewer, gensim's thread fails, and it waits for it forever."""
    ends = [(words.min(), words.max()) for words in sentences() if len(words)]
    return bool(ends) and min(low for low, _ in ends) < max(high for _, high in ends)


class _Lists:
    """Sentences as lists, as often as they are asked for."""

    def __init__(
        self,
        sentences: Callable[[], Iterable[Integers]],
        made: Callable[[list[int], int], Any] = lambda words, _: words,
    ) -> None:
        self.sentences, self.made = sentences, made

    def __iter__(self) -> Iterator[Any]:
        return (self.made(words.tolist(), number) for number, words in enumerate(self.sentences()))


def _common(seed: int, options: dict[str, Any]) -> dict[str, Any]:
    return {"min_count": 0, "workers": 1, "seed": seed, **options}


def _gensim(module: str) -> Any:
    try:
        return import_module(f"gensim.models.{module}")
    except ImportError as error:
        raise RelampError(f"gensim is missing ({error}); install it by: pip install 'relamp[rivals]'") from error
