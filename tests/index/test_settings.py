"""A setting that a method does not use is a fault at its place, and not passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from donghaeng.catalogue.schemas import schemas
from donghaeng.documents import read_model
from donghaeng.errors import Faults
from donghaeng.index.alternatives import patched
from donghaeng.index.frames import recipe_of
from donghaeng.index.recipe import Recipe, keys_of

PLAIN: dict[str, Any] = {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "arithmetic"}}

UNUSED = [
    ("aggregate", "{method: arithmetic, power: 2}", "power"),
    ("aggregate", "{method: geometric, penalty: up}", "penalty"),
    ("aggregate", "{method: median, position_weights: [1]}", "position_weights"),
    ("aggregate", "{method: copeland, least_share: 0.1}", "least_share"),
    ("aggregate", "{method: generalised, power: 1, limits_on: score}", "limits_on"),
    ("aggregate", '{method: arithmetic, levels: {"2": {method: harmonic, power: 1}}}', "power"),
    ("aggregate", "{method: arithmetic, nodes: {t: {method: minimum, most_share: 1}}}", "most_share"),
    ("aggregate", '{method: arithmetic, levels: {"2": {method: harmonic, levels: {}}}}', "levels"),
    ("weigh", "{method: equal, points: {a: [1]}}", "points"),
    ("weigh", "{method: pca, comparisons: []}", "comparisons"),
    ("weigh", "{method: budget_allocation, points: {a: [1]}, most_inconsistent: 0.1}", "most_inconsistent"),
    ("weigh", '{levels: {"2": {method: given, points: {}}}}', "points"),
    ("impute", "[{method: panel_linear, most_years: 3}]", "most_years"),
    ("impute", "[{method: panel_constant, most_years: 3}]", "most_years"),
    ("normalise", "{method: around_mean, start: 1}", "start"),
    ("normalise", "{method: annual_change, over: period}", "over"),
]


@pytest.mark.parametrize(("step", "text", "key"), UNUSED)
def test_a_setting_that_the_method_does_not_use_is_a_fault_at_its_key(
    step: str, text: str, key: str, tmp_path: Path
) -> None:
    lines = {"normalise": "{method: none}", "aggregate": "{method: arithmetic}"} | {step: text}
    recipe = "format: 1\n" + "".join(f"{name}: {value}\n" for name, value in lines.items())
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    faults = Faults()
    read_model(tmp_path / "recipe.yaml", "recipe.yaml", Recipe, faults)

    (fault,) = faults.errors
    (line,) = (number for number, row in enumerate(recipe.splitlines(), 1) if row.startswith(f"{step}:"))
    assert (fault.line, fault.column) == (line, recipe.splitlines()[line - 1].rindex(f"{key}:") + 1)
    assert f'unknown key "{key}"' in fault.what


@pytest.mark.parametrize(("step", "text", "key"), UNUSED)
def test_the_json_schema_refuses_it_too(step: str, text: str, key: str) -> None:
    import ruamel.yaml

    value = ruamel.yaml.YAML(typ="safe").load(text)
    validator = jsonschema.Draft202012Validator(schemas()["recipe"])
    assert list(validator.iter_errors(PLAIN | {step: value})), key
    assert not list(validator.iter_errors(PLAIN))


def test_the_schema_takes_weights_without_a_method() -> None:
    validator = jsonschema.Draft202012Validator(schemas()["recipe"])
    plain = PLAIN | {"weigh": {"levels": {"2": {"method": "equal"}}}}
    assert not list(validator.iter_errors(plain))
    assert recipe_of(plain).weigh.method == "given"


@pytest.mark.parametrize(
    ("steps", "patch", "wanted"),
    [
        ({"aggregate": {"method": "generalised", "power": 0.5, "over": "indicators"}}, "arithmetic", "over"),
        ({"aggregate": {"method": "mazziotta_pareto", "penalty": "up"}, "normalise": {"method": "z_score", "mean": 100,
          "deviation": 10}}, "geometric", "levels"),
    ],
)  # fmt: skip
def test_a_choice_of_another_mean_forgets_the_settings_of_the_first(
    steps: dict[str, Any], patch: str, wanted: str
) -> None:
    changed = patched(recipe_of(PLAIN | steps), {"aggregate.method": patch})
    assert changed.aggregate.method == patch
    assert getattr(changed.aggregate, wanted) == getattr(recipe_of(PLAIN | steps).aggregate, wanted)


def test_a_choice_may_name_a_mean_and_its_setting_in_any_order() -> None:
    keys = {"aggregate.method": "generalised", "aggregate.power": 0.5}
    for patch in (keys, dict(reversed(keys.items()))):
        assert patched(recipe_of(PLAIN), patch).aggregate.model_dump()["power"] == 0.5


@pytest.mark.parametrize("steps", [{}, {"weigh": {"method": "ahp", "comparisons": [["a", "b", 2]]}}])
def test_a_recipe_written_as_json_is_read_as_the_same(steps: dict[str, Any]) -> None:
    recipe = recipe_of(PLAIN | steps)
    assert recipe_of(json.loads(recipe.model_dump_json())) == recipe


def test_the_keys_of_a_method_are_known_and_of_no_method_not() -> None:
    assert keys_of("aggregate", "generalised") == {
        *("method", "power", "over", "least_available", "rescale_around", "levels", "nodes")
    }
    assert keys_of("aggregate", "mode") is None
    assert keys_of("places", "given") is None
