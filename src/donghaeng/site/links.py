"""Addresses inside the site: always relative, so that it opens from any folder, from a file or under a sub-path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import quote


def relative(from_path: str, to_path: str) -> str:
    """Give the link from one page to another, both as paths from the top of the site.

    >>> relative("ko/a/b/areas/x.html", "ko/a/b/index.html#top")
    '../index.html#top'
    >>> relative("ko/index.html", "ko/index.html#part")
    '#part'
    """
    target, _, fragment = to_path.partition("#")
    ending = f"#{quote(fragment)}" if fragment else ""
    if target == from_path and fragment:
        return ending
    start = posixpath.dirname(from_path) or "."
    return quote(posixpath.relpath(target, start)) + ending


def file_names(codes: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Give each code a file name of its own: plain letters, told apart also where case does not count.

    >>> file_names(["L01", "l01", "a b"])
    {'L01': 'L01', 'l01': 'l01-2', 'a b': 'a-b'}
    """
    used = {name.lower() for name in taken}
    names: dict[str, str] = {}
    for code in codes:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", code).strip(".-") or "node"
        name, turn = plain, 1
        while name.lower() in used:
            turn += 1
            name = f"{plain}-{turn}"
        used.add(name.lower())
        names[code] = name
    return names


def stem(path: str) -> str:
    """Give a path without its ending.

    >>> stem("ko/index.html")
    'ko/index'
    """
    return path.rpartition(".")[0]
