"""Merkle trees agree with the published test values, and proofs prove nothing else than what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
)

# Leaves and roots of the tests of the Certificate Transparency project (merkle_tree_test.cc).
LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root(values: list[bytes]) -> bytes:
    tree = Frontier()
    for value in values:
        tree.push(value)
    return tree.root()


def values(size: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(size)]


def root_of(leaves: list[bytes]) -> object:
    return lambda start, end: root(leaves[start:end])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_were_published(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_tree_that_goes_on_from_its_edge_is_the_same_tree(first: int, more: int) -> None:
    leaves = values(first + more)
    tree = Frontier()
    for value in leaves[:first]:
        tree.push(value)
    again = Frontier(first, list(tree.nodes))
    for value in leaves[first:]:
        again.push(value)
    assert again.root() == root(leaves)


def test_the_nodes_that_a_leaf_completes_are_roots_of_their_leaves() -> None:
    leaves, found = values(100), []
    tree = Frontier()
    for value in leaves:
        tree.push(value, lambda *node: found.append(node))
    assert len(found) == sum(100 >> level for level in range(1, 7))
    for level, number, node in found:
        assert node == root(leaves[number << level : (number + 1) << level])


@given(st.data())
def test_every_leaf_can_be_proved_and_no_other_value_or_place(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 100))
    index = data.draw(st.integers(0, size - 1))
    leaves = values(size)
    proof = inclusion_proof(index, size, root_of(leaves))  # type: ignore[arg-type]
    top = root(leaves)
    assert is_included(leaves[index], index, size, proof, top)
    assert not is_included(b"other", index, size, proof, top)
    other = data.draw(st.integers(-1, size).filter(lambda number: number != index))
    assert not is_included(leaves[index], other, size, proof, top)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not is_included(leaves[index], index, size, [*proof[:at], bytes(32), *proof[at + 1 :]], top)
        assert not is_included(leaves[index], index, size, proof[:at], top)
        assert not is_included(leaves[index], index, size, [*proof, bytes(32)], top)


@given(st.data())
def test_a_tree_is_proved_to_begin_with_a_smaller_one_and_no_other(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 100))
    first = data.draw(st.integers(1, second))
    leaves = values(second)
    proof = consistency_proof(first, second, root_of(leaves))  # type: ignore[arg-type]
    old, new = root(leaves[:first]), root(leaves)
    assert is_consistent(first, old, second, new, proof)
    altered = [*leaves[: first - 1], b"altered"]
    assert not is_consistent(first, root(altered), second, new, proof)
    assert not is_consistent(first, old, second, root([*leaves[:-1], b"altered"]), proof) or first == second == 0
    if first < second:
        assert not is_consistent(first, old, second, new, proof[:-1])
        assert not is_consistent(first, old, second, new, [*proof, bytes(32)])


def test_what_is_not_there_cannot_be_proved() -> None:
    with pytest.raises(ValueError, match="leaf 3 is not in a tree over 3 leaves"):
        inclusion_proof(3, 3, root_of(values(3)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="grows"):
        consistency_proof(4, 3, root_of(values(4)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="complete subtrees"):
        Frontier(3, [bytes(32)])
