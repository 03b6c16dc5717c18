"""The routes that only read: what is served, and how it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from donghaeng import __version__
from donghaeng.api import shapes
from donghaeng.api.access import KeyedRoute, needs
from donghaeng.api.observe import Metrics
from donghaeng.api.served import Served
from donghaeng.catalogue.pack import Pack
from donghaeng.ledger.store import LAST_SEQUENCE, Store


def make_router(
    prefix: str,
    served: Served,
    metrics: Metrics,
    described: Callable[[], dict[str, Any]],
    store: Store | None = None,
) -> APIRouter:
    """Make the routes.

    Args:
        prefix: what every path begins with.
        served: what is served.
        metrics: what is counted.
        described: gives the OpenAPI document.
        store: the store of the ledger, if there is one: health then asks it, and metrics need a key.
    """
    router = APIRouter(prefix=prefix, route_class=KeyedRoute)

    @router.get("/packs", response_model=shapes.Packs, operation_id="list_packs")
    def packs() -> dict[str, Any]:
        """List the packs and their decision tables."""
        return {"packs": [_summary(pack) for pack in served.packs.values()]}

    @router.get("/packs/{owner}/{pack}", response_model=shapes.PackAnswer, operation_id="show_pack")
    def show_pack(owner: str, pack: str) -> dict[str, Any]:
        """Show a pack: what it is, its decision tables, and SHA-256 of its files."""
        found = served.pack(owner, pack)
        return {**_summary(found), "files": dict(found.files)}

    @router.get("/tables/{owner}/{pack}/{table}", response_model=shapes.TableAnswer, operation_id="describe_table")
    def describe(owner: str, pack: str, table: str) -> dict[str, Any]:
        """Describe a decision table: inputs with type, codes, unit and question; outcomes; reasons."""
        return served.table(owner, pack, table).describe()

    @router.get("/health", response_model=shapes.Health, operation_id="health")
    async def health() -> dict[str, Any]:
        """Say that the server answers, and which versions it has; a ledger answers, too."""
        if store is not None:
            await anyio.to_thread.run_sync(lambda: list(store.query(LAST_SEQUENCE)))
        packs = {pack.id: pack.version for pack in served.packs.values()}
        return {"status": "ok", "version": __version__, "packs": packs}

    # Counts by route tell how many patients came: with a ledger they are not for everybody.
    guards = [] if store is None else [Depends(needs("auditor", "admin"))]

    @router.get("/metrics", response_class=Response, operation_id="metrics", responses=_METRICS, dependencies=guards)
    async def show_metrics() -> Response:
        """Give counts and times of requests by route and status, for Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/openapi.json", include_in_schema=False)
    def openapi() -> JSONResponse:
        return JSONResponse(described())

    return router


_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Metrics in the text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def _summary(pack: Pack) -> dict[str, Any]:
    manifest = pack.manifest
    return {
        "id": manifest.id,
        "version": manifest.version,
        "date": str(manifest.date),
        "title": dict(manifest.title),
        "summary": dict(manifest.summary),
        "owner": dict(manifest.owner),
        "jurisdiction": manifest.jurisdiction,
        "languages": list(manifest.languages),
        "licence": manifest.licence,
        "status": manifest.status,
        "tables": [
            {
                "id": table.id,
                "title": dict(table.title),
                "question": dict(table.question),
                "reviewed": table.reviewed.isoformat(),
            }
            for table in (pack.rules.tables.values() if pack.rules else ())
        ],
    }
