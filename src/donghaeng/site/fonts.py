"""The font of the site: Pretendard (OFL), cut down to the characters that the pages use.

It is kept as the variable TrueType file of npm package pretendard 1.3.9, compressed by brotli and otherwise as it
was: cutting down its woff2 takes three times as long, since all 14,757 glyphs must be unpacked first.

Pretendard declares its name as a reserved font name, and a cut-down font is a modified one, so it goes out under
another family name, with the licence beside it.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files
from typing import Any

FAMILY = "Donghaeng Sans"
FILE_NAME = "donghaeng-sans.woff2"
LICENCE_NAME = "donghaeng-sans-OFL.txt"

#: What any later text of the reader's own (find in page, forms) may need.
ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + " ‘’“”–—…·×÷±−→▲▼◆●○"

_FEATURES = ["kern", "calt", "ccmp", "locl", "mark", "mkmk", "tnum"]
#: Names that may stay: copyright, licence and its address, and the acknowledgement of the makers.
_KEPT_NAMES = {0, 8, 9, 13, 14}
_STYLE_NAMES = {1: FAMILY, 2: "Regular", 3: f"{FAMILY} subset", 4: FAMILY, 6: "DonghaengSans-Regular", 16: FAMILY}


def licence_text() -> bytes:
    """Give the licence of the font with a note on what was changed."""
    note = (
        f"{FAMILY} is Pretendard 1.3.9 (variable), reduced to the characters and weights that this site uses and\n"
        "renamed, as its licence asks of a modified version.\n\n"
    )
    return note.encode() + _asset("LICENSE.txt")


def subset_font(text: str) -> bytes:
    """Give a woff2 with the characters of a text; the same text gives the same bytes."""
    return _subset("".join(sorted(set(text) | set(ALWAYS))))


@lru_cache(maxsize=4)
def _subset(characters: str) -> bytes:
    import brotli
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(io.BytesIO(brotli.decompress(_asset("PretendardVariable.ttf.br"))), recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = _FEATURES
    options.name_IDs = ["*"]
    options.recalc_timestamp = False
    cutter = subset.Subsetter(options)
    cutter.populate(text=characters)
    cutter.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": (400, 700)})
    _rename(font)
    result = io.BytesIO()
    font.flavor = "woff2"
    font.save(result)
    return result.getvalue()


def _rename(font: Any) -> None:
    names = font["name"]
    styles = {entry.subfamilyNameID for entry in font["fvar"].instances}
    styles |= {axis.axisNameID for axis in font["fvar"].axes}
    if "STAT" in font:
        styles |= _stat_names(font["STAT"].table)
    names.names = [entry for entry in names.names if entry.nameID in _KEPT_NAMES | styles]
    for name_id, text in _STYLE_NAMES.items():
        names.setName(text, name_id, 3, 1, 0x409)
    for entry in font["fvar"].instances:
        entry.postscriptNameID = 0xFFFF


def _stat_names(table: Any) -> set[int]:
    found = {table.ElidedFallbackNameID} if getattr(table, "ElidedFallbackNameID", None) is not None else set()
    if table.DesignAxisRecord:
        found |= {axis.AxisNameID for axis in table.DesignAxisRecord.Axis}
    if table.AxisValueArray:
        found |= {value.ValueNameID for value in table.AxisValueArray.AxisValue}
    return found


def _asset(name: str) -> bytes:
    return files("donghaeng.site").joinpath("assets/fonts", name).read_bytes()
