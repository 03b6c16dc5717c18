"""Merkle trees as in Certificate Transparency: roots, proofs of inclusion and proofs of consistency.

Source: RFC 6962, section 2.1 (the tree and both proofs); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (how proofs are
checked). Leaves and nodes are hashed under different prefixes, so that no node can be given out as a leaf. The leaf of
an entry is its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

#: Root of a tree without leaves.
EMPTY_ROOT = sha256(b"").digest()

#: Gives the root of the leaves from one number up to, not including, another.
RootOf = Callable[[int, int], bytes]


def leaf_hash(value: bytes) -> bytes:
    """Hash a leaf."""
    return sha256(b"\0" + value).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash a node over two subtrees."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a tree that grows: the roots of its complete subtrees, the largest first.

    >>> tree = Frontier()
    >>> for value in (b"", bytes([0]), bytes([16])):
    ...     tree.push(value)
    >>> tree.root().hex()[:16]  # from the tests of the Certificate Transparency project
    'aeb6bcfe274b70a1'
    """

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        """Go on from a tree, or start an empty one.

        Args:
            size: number of leaves.
            nodes: roots of the complete subtrees, one for each bit that is set in `size`, the largest first.
        """
        if len(nodes) != size.bit_count():
            raise ValueError(f"a tree over {size} leaves has {size.bit_count()} complete subtrees, not {len(nodes)}")
        self.size = size
        self.nodes = list(nodes)

    def push(self, value: bytes, completed: Callable[[int, int, bytes], object] | None = None) -> None:
        """Add a leaf.

        Args:
            value: what it is the leaf of.
            completed: called with each node that it completes: level (a leaf has 0), number at this level, hash.
        """
        nodes, own, level, number = self.nodes, sha256(b"\0" + value).digest(), 0, self.size
        while number & 1:
            own = sha256(b"\1" + nodes.pop() + own).digest()
            number >>= 1
            level += 1
            if completed is not None:
                completed(level, number, own)
        nodes.append(own)
        self.size += 1

    def root(self) -> bytes:
        """Give the root of all leaves so far."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            root = node_hash(left, root)
        return root


def left_size(size: int) -> int:
    """Largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, size: int, root_of: RootOf) -> list[bytes]:
    """Prove that a leaf is in a tree.

    Args:
        index: number of the leaf, from 0.
        size: number of leaves of the tree.
        root_of: gives roots of subtrees.

    Returns:
        The roots beside the way from the leaf to the root, the lowest first.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree over {size} leaves")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + left_size(end - start)
        if index < middle:
            proof.append(root_of(middle, end))
            end = middle
        else:
            proof.append(root_of(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, root_of: RootOf) -> list[bytes]:
    """Prove that a tree begins with the leaves of a smaller one.

    Args:
        first: number of leaves of the smaller tree, at least 1.
        second: number of leaves of the larger tree.
        root_of: gives roots of subtrees.
    """
    if not 0 < first <= second:
        raise ValueError(f"no tree over {first} leaves grows into one over {second}")
    proof = []
    start, end, is_whole = 0, second, True
    while first != end:
        middle = start + left_size(end - start)
        if first <= middle:
            proof.append(root_of(middle, end))
            end = middle
        else:
            proof.append(root_of(start, middle))
            start, is_whole = middle, False
    if not is_whole:
        proof.append(root_of(start, end))
    return proof[::-1]


def is_included(value: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof shows that a value is a certain leaf of the tree with a root."""
    if not 0 <= index < size:
        return False
    own, at, last = leaf_hash(value), index, size - 1
    for beside in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            own = node_hash(beside, own)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            own = node_hash(own, beside)
        at >>= 1
        last >>= 1
    return last == 0 and own == root


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the tree with the second root begins with all leaves of the first."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old = new = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            new = node_hash(new, beside)
        at >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root
