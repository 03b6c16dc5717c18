"""Numbers that look like those of persons, made when a test runs: none stands in a file."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

DIGITS = "0123456789"
DIGIT = st.sampled_from(DIGITS)


def some_digits(count: int) -> st.SearchStrategy[str]:
    return st.text(DIGIT, min_size=count, max_size=count)


@st.composite
def registrations(draw: st.DrawFn, sexes: str = DIGITS) -> tuple[str, str]:
    """The two parts of a registration number: a date that can exist, and seven digits."""
    sex = draw(st.sampled_from(sexes))
    century = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}.get(sex, 2000)
    born = draw(st.dates(date(century, 1, 1), date(century + 99, 12, 31)))
    return born.strftime("%y%m%d"), sex + draw(some_digits(6))


@st.composite
def impossible_registrations(draw: st.DrawFn) -> tuple[str, str]:
    """The same with a month or a day that no year has."""
    month, day = draw(
        st.one_of(
            st.tuples(st.sampled_from([0, *range(13, 100)]), st.integers(0, 99)),
            st.tuples(st.integers(1, 12), st.sampled_from([0, *range(32, 100)])),
            st.sampled_from([(2, 30), (2, 31), (4, 31), (6, 31), (9, 31), (11, 31)]),
        )
    )
    return f"{draw(some_digits(2))}{month:02}{day:02}", draw(some_digits(7))


FULL_WIDTH = str.maketrans(DIGITS, "０１２３４５６７８９")
ARABIC = str.maketrans(DIGITS, "٠١٢٣٤٥٦٧٨٩")
BOLD = str.maketrans(DIGITS, "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
SCRIPTS = [str.maketrans("", ""), FULL_WIDTH, ARABIC, BOLD]
DASHES = ["-", "－", "–", "—", "‐", "‑", "‒", "―", "−", "﹣", "﹘", "_", "ㅡ", "ー", "─", "--"]
BLANKS = [" ", "\u3000", "\u00a0", "\u2009", "\u202f", "\t", "\u3164", "  "]
UNSEEN = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\ufe0f", "\x00", "\u202e"]


def at_random_places(draw: st.DrawFn, text: str, unseen: str) -> str:
    return "".join(character + unseen * draw(st.integers(0, 1)) for character in text)


@st.composite
def writings(draw: st.DrawFn, parts: st.SearchStrategy[tuple[str, str]]) -> str:
    """A registration number in one of the ways in which people and machines write it."""
    front, back = draw(parts)
    dash, blank = draw(st.sampled_from(DASHES)), draw(st.sampled_from(BLANKS))
    century = {"1": "19", "2": "19", "5": "19", "6": "19", "9": "18", "0": "18"}.get(back[0], "20")
    written = draw(
        st.sampled_from(
            [
                f"{front}{back}",
                f"{front}{dash}{back}",
                f"{front}{blank}{back}",
                f"{front} {dash} {back}",
                f"{front}{blank}{dash}{blank}{back}",
                f"{front}.{back}",
                f"{front}~{back}",
                f"{front}·{back}",
                f"{front}-{back[0]}-{back[1:]}",
                " ".join(front + back),
                f"{' '.join(front)} - {' '.join(back)}",
                f"{front[:2]}.{front[2:4]}.{front[4:]}-{back}",
                f"{front[:2]}-{front[2:4]}-{front[4:]}-{back}",
                f"{century}{front}-{back}",
                f"{century}{front[:2]}-{front[2:4]}-{front[4:]}-{back}",
            ]
        )
    )
    written = written.translate(draw(st.sampled_from(SCRIPTS)))
    if draw(st.booleans()):
        written = at_random_places(draw, written, draw(st.sampled_from(UNSEEN)))
    return written
