"""The files of a site, for looking at it; a public site is better served by a web server made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from donghaeng.errors import InputError

#: Types that not every machine knows.
_TYPES = {".woff2": "font/woff2", ".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet"}


class _Files(StaticFiles):
    """The files of a folder: no listings, nothing that lies elsewhere."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        kind = _TYPES.get(Path(full_path).suffix)
        if kind and isinstance(response, FileResponse):
            response.headers["content-type"] = kind
        return response


def site_files(folder: Path) -> StaticFiles:
    """Make an app of the files of a site.

    Raises:
        InputError: when the folder has no ``index.html``.
    """
    if not (folder / "index.html").is_file():
        raise InputError(f"{folder} is not a site: it has no index.html; build one with donghaeng site")
    return _Files(directory=folder, html=True)
