"""Entries, which nobody changes, and seals."""

import sqlalchemy as sa
from alembic import op

revision = "entries_1"
down_revision = None
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Against mistakes, not against those who own the database: seals are.
KEEP_ON_SQLITE = """
CREATE TRIGGER entries_stay_on_{verb} BEFORE {verb} ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed; append a correction'); END
"""
KEEP_ON_POSTGRESQL = (
    """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'entries are never changed; append a correction'; END $$
""",
    """
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
""",
)

#: One entry in one call: finds the head of the stream, adds position, time and hash, inserts. The caller is told
#: `new`, `known` (the idempotency key is there already), `moved` (the stream is elsewhere; position says where) or
#: `nothing` (there is no entry to correct). Each statement of the function sees what was committed before it, so a
#: writer that loses the race for a position goes round again.
APPEND_ON_POSTGRESQL = """
CREATE FUNCTION ledger_append(
    p_stream text, p_kind text, p_kind_version integer, p_effective_at text, p_idempotency_key text, p_body text,
    p_decision_id text, p_corrects bigint, p_content bytea, p_recorded_at text, p_expected bigint
) RETURNS TABLE (r_outcome text, r_sequence bigint, r_position bigint, r_recorded_at text, r_previous bytea,
    r_hash bytea)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    LOOP
        SELECT e.position, e.recorded_at, e.hash INTO r_position, r_recorded_at, r_previous
            FROM entries e WHERE e.stream = p_stream ORDER BY e.position DESC LIMIT 1;
        IF NOT FOUND THEN
            r_position := 0; r_recorded_at := ''; r_previous := decode(repeat('00', 32), 'hex');
        END IF;
        IF p_expected IS NOT NULL AND p_expected <> r_position OR p_corrects > r_position THEN
            PERFORM 1 FROM entries e WHERE e.idempotency_key = p_idempotency_key;
            IF FOUND THEN r_outcome := 'known';
            ELSIF p_expected <> r_position THEN r_outcome := 'moved';
            ELSE r_outcome := 'nothing';
            END IF;
            RETURN NEXT; RETURN;
        END IF;
        r_position := r_position + 1;
        r_recorded_at := greatest(p_recorded_at COLLATE "C", r_recorded_at COLLATE "C");
        r_hash := sha256(convert_to('donghaeng entry 1' || chr(10), 'UTF8') || r_previous || int8send(r_position)
            || convert_to(r_recorded_at, 'UTF8') || p_content);
        INSERT INTO entries (stream, position, kind, kind_version, effective_at, recorded_at, idempotency_key, body,
                decision_id, corrects, previous_hash, hash)
            VALUES (p_stream, r_position, p_kind, p_kind_version, p_effective_at, r_recorded_at, p_idempotency_key,
                p_body, p_decision_id, p_corrects, r_previous, r_hash)
            ON CONFLICT DO NOTHING RETURNING sequence INTO r_sequence;
        IF FOUND THEN
            r_outcome := 'new'; RETURN NEXT; RETURN;
        END IF;
        PERFORM 1 FROM entries e WHERE e.idempotency_key = p_idempotency_key;
        IF FOUND THEN
            r_outcome := 'known'; RETURN NEXT; RETURN;
        END IF;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Make the tables and what keeps them."""
    op.create_table(
        "entries",
        sa.Column("sequence", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("stream", EXACT, nullable=False),
        sa.Column("position", COUNTER, nullable=False),
        sa.Column("kind", EXACT, nullable=False),
        sa.Column("kind_version", sa.Integer, nullable=False),
        sa.Column("effective_at", EXACT, nullable=False),
        sa.Column("recorded_at", EXACT, nullable=False),
        sa.Column("idempotency_key", EXACT, nullable=False),
        sa.Column("body", EXACT, nullable=False),
        sa.Column("decision_id", EXACT),
        sa.Column("corrects", COUNTER),
        sa.Column("previous_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("stream", "position", name="entries_stream_position"),
        sa.UniqueConstraint("idempotency_key", name="entries_idempotency_key"),
    )
    op.create_table(
        "seals",
        sa.Column("size", COUNTER, primary_key=True, autoincrement=False),
        sa.Column("last_sequence", COUNTER, nullable=False),
        sa.Column("frontier", EXACT, nullable=False),
        sa.Column("seal", EXACT, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(KEEP_ON_SQLITE.format(verb=verb))
    else:
        for statement in (*KEEP_ON_POSTGRESQL, APPEND_ON_POSTGRESQL):
            op.execute(statement)
