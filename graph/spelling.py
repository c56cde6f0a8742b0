"""Spelling: which word of the models' ids a misspelt one may mean."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SHORTEST = 4
"""Letters of the shortest word that may be misspelt: shorter ones are near to many."""

LONGEST = 32
"""Letters of the longest."""

_LONG = 8
"""Letters of a word in which two may be wrong, rather than one."""


class Vocabulary:
    """The words of ids: their runs of ASCII letters in lower case.

    Parameters
    ----------
    ids
        Of the models whose words are known.
    """

    def __init__(self, ids: pa.StringArray) -> None:
        runs = pc.split_pattern_regex(pc.ascii_lower(ids), "[^a-z]+").flatten()
        runs = runs.filter(pc.greater_equal(pc.binary_length(runs), SHORTEST))
        runs = runs.filter(pc.less_equal(pc.binary_length(runs), LONGEST))
        counted = runs.value_counts()
        self._words = counted.field("values")
        self._times = counted.field("counts").to_numpy()
        self._lengths = pc.binary_length(self._words).to_numpy()
        # A bit for each letter that a word has, so that few words are compared letter by letter.
        self._letters = np.zeros(len(self._words), np.uint32)
        for place in range(26):
            has = pc.match_substring(self._words, chr(ord("a") + place))
            self._letters |= has.to_numpy(zero_copy_only=False).astype(np.uint32) << place

    def nearest(self, word: str) -> str | None:
        """Return a word itself if it is part of a known one; else the nearest, the most frequent.

        None where there is none within two wrong letters, or one in a word of less than eight.
        """
        if not SHORTEST <= len(word) <= LONGEST:
            return None
        if pc.any(pc.match_substring(self._words, word)).as_py():
            return word
        most = 2 if len(word) >= _LONG else 1
        letters = np.uint32(sum(1 << ord(letter) - ord("a") for letter in {*word}))
        # A wrong letter changes the length by one, and which letters there are by two.
        near = np.abs(self._lengths - len(word)) <= most
        near &= np.bitwise_count(self._letters ^ letters) <= 2 * most
        known = self._words.filter(pa.array(near)).to_pylist()
        ranked = (
            (distance(word, other), -times, other)
            for other, times in zip(known, self._times[near].tolist(), strict=True)
        )
        best = min(ranked, default=(most + 1, 0, ""))
        return best[2] if best[0] <= most else None


def distance(one: str, other: str) -> int:
    """Return how many letters are wrong, missing, too many, or changed places with their neighbour.

    The optimal string alignment distance (L. Boytsov, Indexing methods for approximate dictionary
    searching, ACM JEA 16, 2011).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]
