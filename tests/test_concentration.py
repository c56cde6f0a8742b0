"""Concentration by hand, and against the textbook definitions in exact fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.concentration import Concentration, concentration, gini
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.shares import By, Definition, Weight, share
from tests.lineages import Item, ecosystem, examples, item, item_lists

BY_PUBLISHER = Definition(Weight.DOWNLOADS, Attribution.PUBLISHER, Credit.FULL)


def test_by_hand() -> None:
    """Of 10 known downloads red has 6, blue 3, a user 1; 2 more are of no namespace."""
    eco = ecosystem(
        [
            item("red/7b", downloads=4),
            item("red/chat", downloads=2),
            item("blue/8b", downloads=3),
            item("user/x", downloads=1),
            item("user/y"),
            item("idle/z"),
            item("gpt2", downloads=2),
        ]
    )
    found = concentration(eco, By.ORGANIZATION, BY_PUBLISHER)
    assert found.hhi == pytest.approx(0.36 + 0.09 + 0.01)
    # The mean difference of all nine pairs is (3 + 5 + 2) * 2 / 9; the mean is 10 / 3.
    assert found.gini == pytest.approx((20 / 9) / (2 * 10 / 3))
    assert (found.top_share, found.groups) == (0.6, 3)
    assert found.top5_share == pytest.approx(1)
    assert found.unknown == pytest.approx(2 / 12)


def test_of_nothing_nothing_is_concentrated() -> None:
    eco = ecosystem([item("red/7b")])
    assert concentration(eco, By.ORGANIZATION, BY_PUBLISHER) == Concentration(0, 0, 0, 0, 0, 0)


def test_one_group_has_it_all_and_equal_ones_are_equal() -> None:
    assert gini(np.array([5.0])) == 0
    assert gini(np.full(7, 3.0)) == pytest.approx(0, abs=1e-12)
    assert gini(np.array([1e-12] * 999 + [1.0])) == pytest.approx(0.999)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
@examples(200)
def test_gini_is_half_the_mean_difference_over_the_mean(values: list[int]) -> None:
    differences = sum(abs(a - b) for a, b in product(values, values))
    exact = Fraction(differences, 2 * len(values) * sum(values))
    assert gini(np.array(values, np.float64)) == pytest.approx(float(exact), abs=1e-12)


def check(eco: Ecosystem, by: By, definition: Definition) -> None:
    whole = share(eco, by, definition)
    total = sum(map(Fraction, whole.values))
    parts = sorted((Fraction(value) / total for value in whole.values), reverse=True)
    found = concentration(eco, by, definition)
    assert found.hhi == pytest.approx(float(sum(part**2 for part in parts)))
    assert found.top_share == pytest.approx(float(sum(parts[:1])))
    assert found.top5_share == pytest.approx(float(sum(parts[:5])))
    assert (found.groups, found.unknown) == (len(parts), whole.unknown)
    if parts:
        assert 1 / len(parts) <= found.hhi * (1 + 1e-12) <= 1 + 1e-9
        assert -1e-12 <= found.gini < 1


@given(item_lists())
@examples(15)
def test_drawn_ecosystems_are_as_concentrated_as_their_shares(items: list[Item]) -> None:
    eco = ecosystem(items)
    for by, weight, attribution, credit in product(By, Weight, Attribution, Credit):
        check(eco, by, Definition(weight, attribution, credit))
