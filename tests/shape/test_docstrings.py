"""Examples in docstrings are run."""

import doctest
import importlib
import pkgutil
import warnings

import pytest

import donghaeng

FINDER = doctest.DocTestFinder(exclude_empty=True)


def modules() -> list[str]:
    found = pkgutil.walk_packages(donghaeng.__path__, "donghaeng.")
    return [module.name for module in found if not module.name.startswith("donghaeng.site")]


@pytest.mark.parametrize("name", modules())
def test_examples_give_what_they_say(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = doctest.testmod(importlib.import_module(name), verbose=False)
    assert result.failed == 0


def test_there_are_examples() -> None:
    assert sum(len(test.examples) for test in FINDER.find(importlib.import_module("donghaeng.periods"))) >= 5
