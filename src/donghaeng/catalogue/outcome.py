"""From a pack to the content of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.catalogue.budget_outcome import DOCUMENT as BUDGET
from donghaeng.catalogue.budget_outcome import budget_content, without_a_budget
from donghaeng.catalogue.diagnosis_outcome import DOCUMENT as DIAGNOSIS
from donghaeng.catalogue.diagnosis_outcome import diagnosis_document, diagnosis_of, diagnosis_tables
from donghaeng.catalogue.index_section import IndexSection
from donghaeng.catalogue.measures_outcome import measures_tables
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.rules_outcome import RulesContent, rules_content
from donghaeng.catalogue.study_outcome import study_tables
from donghaeng.catalogue.traveller_outcome import DOCUMENT as TRAVELLER
from donghaeng.catalogue.traveller_outcome import traveller_document
from donghaeng.diagnosis.diagnose import Diagnosis
from donghaeng.index.changes import changes_table
from donghaeng.index.contributions import contributions
from donghaeng.index.poverty.report import poverty_report
from donghaeng.index.published import conflicts_table, published_table
from donghaeng.index.scores import Scores
from donghaeng.index.standard_errors import accuracy_table
from donghaeng.index.uncertainty import uncertainty
from donghaeng.measures.compute import Computed
from donghaeng.places import places_table
from donghaeng.release.content import PackContent
from donghaeng.release.read import ReleasedPack
from donghaeng.sources import Kind, Source, source_ids
from donghaeng.wording import Text

#: What every page and file of a pack says about its standing, by status.
STATUS_NOTES: dict[str, Text] = {
    "official": {"ko": "소관 기관이 채택한 자료입니다.", "en": "Adopted by its owner."},
    "unofficial": {
        "ko": "비공식 자료: 공개된 보도와 자료를 모아 정리한 것으로, 해당 기관의 공식 자료가 아닙니다.",
        "en": "Unofficial, compiled from public reports. Not a publication of the body it is about.",
    },
    "invented": {
        "ko": "가상 자료: 실재하지 않는 기관의 예시이며 모든 값은 모의로 만든 것입니다.",
        "en": "Invented example: nobody real; every value is simulated.",
    },
}


def outcome(
    pack: Pack,
    scores: Scores | None = None,
    previous: ReleasedPack | None = None,
    computed: Computed | None = None,
) -> PackContent:
    """Put together what a release says of a pack.

    Args:
        pack: the pack.
        scores: the scores of its index; default, those that it was read with. A pack without an index has none.
        previous: the same pack in an earlier release, to say what changed.
        computed: the numbers of its measures, from the entries of a ledger; None where there are none.
    """
    manifest = pack.manifest
    description = {**manifest.model_dump(mode="json"), "status_note": STATUS_NOTES[manifest.status]}
    tables = {"sources": sources_table(pack.sources), "statements": pack.statements.table()}
    documents: dict[str, Any] = {}
    diagnosis: Diagnosis | None = None
    if pack.places:
        tables["places"] = places_table(pack.places)
    if pack.index:
        scores = scores or pack.index.scores
        description["newest_period"] = scores.periods[scores.newest_period()].text
        tables |= index_tables(pack.index, scores, manifest.date, previous)
        diagnosis = diagnosis_of(pack, scores)
        if diagnosis:
            tables |= diagnosis_tables(diagnosis)
            documents[DIAGNOSIS] = diagnosis_document(pack, diagnosis)
    if pack.budget:
        budget_tables, documents[BUDGET] = budget_content(pack, pack.budget, diagnosis, scores)
        tables |= budget_tables
    elif diagnosis and manifest.status != "invented":
        documents[BUDGET] = without_a_budget(diagnosis.findings)
    description["previous_version"] = previous.description["version"] if previous else None
    if pack.poverty:
        tables["poverty"] = poverty_report(pack.poverty).table()
    if pack.figures:
        tables |= {"figures": pack.figures.definitions_table(), "figure_values": pack.figures.values_table()}
    if pack.measures:
        tables |= measures_tables(pack.measures, computed)
    if pack.traveller:
        documents[TRAVELLER] = traveller_document(pack.traveller)
    rules = rules_content(pack.rules) if pack.rules else RulesContent({}, {}, {})
    tables |= rules.tables
    articles = {f"articles/{article.slug}.{article.language}.md": article for article in pack.articles}
    return PackContent(
        id=pack.id,
        description=description,
        recipe=pack.index.recipe.model_dump(mode="json") if pack.index else None,
        wording={language: words.model_dump(mode="json") for language, words in pack.wording.items()},
        inputs=pack.files,
        tables=tables,
        texts={**{name: f"# {article.title}\n\n{article.body}" for name, article in articles.items()}, **rules.texts},
        documents={**documents, **rules.documents},
    )


def index_tables(
    index: IndexSection, scores: Scores, day: date, previous: ReleasedPack | None = None
) -> dict[str, pa.Table]:
    """Give the tables of an index: results, what they are made of, and how far they can be trusted.

    Args:
        index: the index.
        scores: its scores.
        day: day of the pack, from which the age of values is counted.
        previous: the same pack in an earlier release, to say what changed.
    """
    before = previous.tables.get("scores", ()) if previous else ()
    return {
        "scores": scores.table(),
        "contributions": contributions(scores),
        "changes": changes_table(scores),
        "published": published_table(scores),
        "conflicts": conflicts_table(scores),
        "observations": index.observations.table(index.recipe.small_numbers),
        "structure": index.structure.table(),
        "quality": quality_table(index, scores, day),
        **study_tables(scores),
        **robustness_tables(index, scores),
        **({"accuracy": accuracy} if (accuracy := accuracy_table(scores)).num_rows else {}),
        "revisions": revisions_table(scores.table().to_pylist(), before),
    }


def robustness_tables(index: IndexSection, scores: Scores) -> dict[str, pa.Table]:
    """Give what was tried and what came of it, where the pack names alternatives.

    ``robustness_intervals``, ``robustness_changes``, ``robustness_ranks``, ``robustness_ahead``,
    ``robustness_sensitivity``, ``robustness_failures``, ``robustness_without_score`` and ``robustness_tried``; columns
    as in `donghaeng.index.uncertainty.Uncertainty`.
    """
    if index.alternatives is None:
        return {}
    result = uncertainty(scores, index.alternatives)
    root = scores.kinds[..., scores.structure.root]
    kind = Kind(int(root.max(initial=int(Kind.DERIVED)))).word
    tables = {}
    for name in ("intervals", "changes", "ranks", "ahead", "sensitivity", "failures", "without_score"):
        rows = [row | {"kind": kind} for row in getattr(result, name)]
        if rows:
            tables[f"robustness_{name}"] = pa.Table.from_pylist(rows, _schema(rows))
    tables["robustness_tried"] = pa.Table.from_pylist(result.tried, _schema(result.tried))
    return tables


_INTEGERS = {"rank", "run", "runs", *(f"rank_{name}" for name in ("least", "low", "median", "high", "most"))}
_TEXTS = {"place", "period", "behind", "target", "factor", "what", "kind", "choices", "reason"}


def _schema(rows: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """Give the columns of rows by their names, so that a column of nulls has its type too."""

    def type_of(name: str) -> pa.DataType:
        if name in _INTEGERS:
            return pa.int64()
        return pa.string() if name in _TEXTS or name.startswith(("label_", "choice_")) else pa.float64()

    return pa.schema([(name, type_of(name)) for name in rows[0]])


_SOURCE_COLUMNS = (
    *("id", "title_ko", "title_en", "publisher_ko", "publisher_en", "url", "date", "read_on", "extent", "licence"),
    *("grade", "note_ko", "note_en"),
)


def sources_table(sources: Mapping[str, Source]) -> pa.Table:
    """Give the sources as a table, in the order of ``sources.yaml``."""
    rows = [
        {
            "id": source_id,
            "title_ko": source.title.get("ko", ""),
            "title_en": source.title.get("en", ""),
            "publisher_ko": source.publisher.get("ko", ""),
            "publisher_en": source.publisher.get("en", ""),
            "url": source.url or "",
            "date": source.date or "",
            "read_on": source.read_on.isoformat(),
            "extent": source.extent,
            "licence": source.licence,
            "grade": source.grade,
            "note_ko": (source.note or {}).get("ko", ""),
            "note_en": (source.note or {}).get("en", ""),
        }
        for source_id, source in sources.items()
    ]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in _SOURCE_COLUMNS]))


def quality_table(index: IndexSection, scores: Scores, day: date) -> pa.Table:
    """Give a note on the quality of each indicator.

    Columns: node; concept (definition, empty where none is public); unit and direction with how each is known;
    accuracy (number of values by kind, of distinct sources, of conflicting statements); timeliness (newest
    period with a value, years between its start and `day`, that of the pack); comparability (former names, note).
    """
    observations = index.observations.columns
    rows: list[dict[str, Any]] = []
    for at, node in enumerate(index.structure.nodes):
        if not index.structure.is_leaf(at):
            continue
        of_node = [row for row, code in enumerate(observations["node"]) if code == node.code]
        used = [row for row in of_node if observations["used"][row]]
        sources = {source for row in of_node for source in source_ids(observations["source"][row])}
        present = np.flatnonzero(np.isfinite(scores.panel.values[:, :, at]).any(axis=0))
        newest = scores.periods[present[-1]] if present.size else None
        counts = {kind: sum(observations["kind"][row] == kind for row in used) for kind in Kind}
        rows.append(
            {
                "node": node.code,
                "concept_ko": node.details["definition_ko"],
                "concept_en": node.details["definition_en"],
                "unit": node.unit,
                "unit_kind": node.details["unit_kind"],
                "direction": node.direction,
                "direction_kind": node.details["direction_kind"],
                "values": len(used),
                **{f"values_{kind.word}": counts[kind] for kind in Kind},
                "sources": len(sources),
                "conflicts": len(of_node) - len(used),
                "newest_period": newest.text if newest else "",
                "age_years": round((day - newest.first_day).days / 365.25, 1) if newest else None,
                "status": node.details["status"],
                "former_name_ko": node.details["former_name_ko"],
                "former_name_en": node.details["former_name_en"],
                "comparability_ko": node.details["note_ko"],
                "comparability_en": node.details["note_en"],
            }
        )
    integers = {"values", "sources", "conflicts", *(f"values_{kind.word}" for kind in Kind)}
    types = {name: pa.int64() if name in integers else pa.string() for name in rows[0]}
    types["age_years"] = pa.float64()
    return pa.Table.from_pylist(rows, pa.schema(list(types.items())))


def revisions_table(new: Sequence[Mapping[str, Any]], old: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Say which scores are new, gone or changed since an earlier release.

    Columns: node, place, period, before, after, change, what (``added``, ``removed``, ``changed``), kind. Empty
    for a first release.
    """
    before = {(row["place"], row["period"], row["node"]): row for row in old}
    after = {(row["place"], row["period"], row["node"]): row for row in new}
    rows: list[dict[str, Any]] = []
    for key in [*after, *(key for key in before if key not in after)] if old else []:
        was = before[key]["value"] if key in before else None
        now = after[key]["value"] if key in after else None
        if was == now:
            continue
        what = "added" if was is None else "removed" if now is None else "changed"
        kind = (after.get(key) or before[key])["kind"] or before.get(key, {}).get("kind")
        change = now - was if was is not None and now is not None else None
        place, period, node = key
        rows.append(
            {
                "node": node,
                "place": place,
                "period": period,
                "before": was,
                "after": now,
                "change": change,
                "what": what,
                "kind": kind,
            }
        )
    texts = [(name, pa.string()) for name in ("node", "place", "period")]
    numbers = [(name, pa.float64()) for name in ("before", "after", "change")]
    return pa.Table.from_pylist(rows, pa.schema([*texts, *numbers, ("what", pa.string()), ("kind", pa.string())]))
