"""A small pack to break: the one that ``donghaeng new`` writes."""

from pathlib import Path

from donghaeng.catalogue.check import check
from donghaeng.catalogue.start import start
from donghaeng.errors import Fault


class SmallPack:
    """A copy of the template pack, with ways to change its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = start("index", "my-city/my-index", folder)

    def path(self, name: str) -> Path:
        return self.folder / name

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a file."""
        text = self.path(name).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.path(name).write_text(text.replace(old, new), "utf-8")

    def write(self, name: str, content: str | bytes) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_bytes(content.encode() if isinstance(content, str) else content)

    def append(self, name: str, text: str) -> None:
        self.path(name).write_text(self.path(name).read_text("utf-8") + text, "utf-8")

    def faults(self) -> list[Fault]:
        """All faults, their files named from the pack's own folder."""
        _, faults = check(self.folder)
        return [_from_folder(fault, f"{self.folder}/") for fault in faults]

    def fault(self) -> Fault:
        """The one fault."""
        faults = self.faults()
        assert len(faults) == 1, "\n".join(map(str, faults))
        return faults[0]


def _from_folder(fault: Fault, folder: str) -> Fault:
    from dataclasses import replace

    return replace(fault, file=fault.file.removeprefix(folder))
