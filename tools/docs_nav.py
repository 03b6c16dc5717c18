"""A hook for mkdocs: the nav of mkdocs.yml may name a folder's pages by a pattern, so that a new page is in at once."""

from pathlib import Path
from typing import Any


def on_config(config: dict[str, Any]) -> dict[str, Any]:
    """Replaces `Heading: folder/*.md` by the pages themselves."""
    docs = Path(config["docs_dir"])
    for entry in config["nav"] or []:
        if isinstance(entry, dict):
            for heading, pattern in entry.items():
                if isinstance(pattern, str) and "*" in pattern:
                    entry[heading] = [page.relative_to(docs).as_posix() for page in sorted(docs.glob(pattern))]
    return config
