"""Composites that are no plain means: products, ratios, and means of single nodes."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import donghaeng
from donghaeng.errors import InputError

NONE = {"format": 1, "normalise": {"method": "none"}}


def compute(nodes: str, values: dict[str, Any], aggregate: dict[str, Any]) -> Any:
    """Compute from lines of code,parent; every leaf is taken as it is."""
    rows = [line.split(",") for line in nodes.split()]
    parents = {parent for _, parent in rows}
    structure = pd.DataFrame(
        {
            "code": [code for code, _ in rows],
            "parent": [parent for _, parent in rows],
            "direction": ["" if code in parents else "higher" for code, _ in rows],
        }
    )
    return donghaeng.compute(
        pd.DataFrame({"place": ["x"], **{k: [v] for k, v in values.items()}}),
        structure,
        NONE | {"aggregate": aggregate},
    )


def test_the_gender_inequality_index_is_a_pack_of_means_by_node() -> None:
    """GII = 1 - HARM(G_F, G_M) / G(F, M), UNDP technical note 4, on made-up values of a country."""
    maternal, births = 10 / 16.0, 1 / 6.5
    seats_f, school_f, work_f = 0.4, 0.93, 0.60
    seats_m, school_m, work_m = 0.6, 0.95, 0.70
    nodes = """
    gii, harm,gii both,gii
    women,harm men,harm
    health_f,women power_f,women work_f,women
    maternal,health_f births,health_f seats_f,power_f school_f,power_f
    health_m,men power_m,men work_m,men
    seats_m,power_m school_m,power_m
    health,both power,both work,both
    health_f2,health one,health
    maternal2,health_f2 births2,health_f2
    power_f2,power power_m2,power
    seats_f2,power_f2 school_f2,power_f2 seats_m2,power_m2 school_m2,power_m2
    work_f2,work work_m2,work
    """
    values = {
        "maternal": maternal, "births": births, "seats_f": seats_f, "school_f": school_f, "work_f": work_f,
        "health_m": 1.0, "seats_m": seats_m, "school_m": school_m, "work_m": work_m, "one": 1.0,
    }  # fmt: skip
    again = {
        f"{name}2": values[name]
        for name in ("maternal", "births", "seats_f", "school_f", "seats_m", "school_m", "work_f", "work_m")
    }
    arithmetic = {"method": "arithmetic"}
    aggregate = {
        "method": "geometric",
        "nodes": {
            "gii": {"method": "complement_of_ratio"},
            "harm": {"method": "harmonic"},
            "health": arithmetic,
            "power": arithmetic,
            "work": arithmetic,
        },
    }

    scores = compute(nodes, values | again, aggregate)

    women = ((maternal * births) ** 0.5 * (seats_f * school_f) ** 0.5 * work_f) ** (1 / 3)
    men = ((seats_m * school_m) ** 0.5 * work_m) ** (1 / 3)
    harmonic = 1 / ((1 / women + 1 / men) / 2)
    health = ((maternal * births) ** 0.5 + 1) / 2
    power = ((seats_f * school_f) ** 0.5 + (seats_m * school_m) ** 0.5) / 2
    both = (health * power * (work_f + work_m) / 2) ** (1 / 3)
    assert scores.values[0, 0, 0] == pytest.approx(1 - harmonic / both, rel=1e-12)


def test_a_product_multiplies_its_children_and_parts_its_points_equally() -> None:
    scores = compute("total, a,total b,total c,total", {"a": 0.5, "b": 4.0, "c": 3.0}, {"method": "product"})

    points = [scores.shares[0, 0, at] * scores.values[0, 0, at] for at in (1, 2, 3)]
    assert scores.values[0, 0, 0] == pytest.approx(6.0)
    assert points == pytest.approx([2.0, 2.0, 2.0])


def test_a_ratio_takes_two_children_and_no_zero() -> None:
    assert compute("r, a,r b,r", {"a": 3.0, "b": 4.0}, {"method": "ratio"}).values[0, 0, 0] == 0.75
    with pytest.raises(InputError, match="a ratio of 3 children"):
        compute("r, a,r b,r c,r", {"a": 3.0, "b": 4.0, "c": 1.0}, {"method": "ratio"})
    with pytest.raises(InputError, match="the second child is 0"):
        compute("r, a,r b,r", {"a": 3.0, "b": 0.0}, {"method": "ratio"})


def test_a_recipe_that_is_none_is_told_like_one_in_a_file() -> None:
    with pytest.raises(InputError, match="mazziotta_pareto does not fit the way to normalise; expected z-scores"):
        compute("t, a,t b,t", {"a": 1.0, "b": 2.0}, {"method": "mazziotta_pareto"})
    with pytest.raises(InputError, match=r'unknown key "mehtod".*did you mean "method"'):
        compute("t, a,t b,t", {"a": 1.0, "b": 2.0}, {"method": "arithmetic", "mehtod": 1})
