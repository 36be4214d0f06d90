"""The tables, and the guards that keep ended sessions ended.

Models are not imported here: a migration describes one moment, models move on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
UNENDED = {
    "postgresql_where": sa.text("ended_at IS NULL"),
    "sqlite_where": sa.text("ended_at IS NULL"),
}
ROTATED = {
    "postgresql_where": sa.text("previous_hash IS NOT NULL"),
    "sqlite_where": sa.text("previous_hash IS NOT NULL"),
}

# What no UPDATE may do to a session, whoever sends it. (IS DISTINCT FROM is IS NOT in SQLite.)
REVIVES = """
    OLD.ended_at IS NOT NULL AND (
        NEW.ended_at {differs} OLD.ended_at
        OR NEW.end_reason {differs} OLD.end_reason
        OR NEW.token_hash {differs} OLD.token_hash
    )
    OR NEW.user_id {differs} OLD.user_id
    OR NEW.begun_at {differs} OLD.begun_at
    OR NEW.created_at {differs} OLD.created_at
    OR NEW.expires_at > OLD.expires_at
    OR NEW.idle_seconds > OLD.idle_seconds
"""
REFUSAL = "govapp: a session never lives again, lives longer or changes its owner"
INSTANT_REFUSAL = "govapp: a not-before instant never goes back"


def create_guards() -> None:
    """Create the triggers. On SQLite, every later batch migration of a table calls this again."""
    if op.get_bind().dialect.name == "postgresql":
        differs = REVIVES.format(differs="IS DISTINCT FROM")
        op.execute(
            f"""
            CREATE FUNCTION govapp_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER govapp_session_ended_is_final
                BEFORE UPDATE ON govapp_session FOR EACH ROW WHEN ({differs})
                EXECUTE FUNCTION govapp_refuse('{REFUSAL}');
            CREATE TRIGGER govapp_not_before_never_back
                BEFORE UPDATE ON govapp_not_before FOR EACH ROW
                WHEN (NEW.instant < OLD.instant OR NEW.subject <> OLD.subject)
                EXECUTE FUNCTION govapp_refuse('{INSTANT_REFUSAL}');
            CREATE TRIGGER govapp_not_before_stays
                BEFORE DELETE ON govapp_not_before FOR EACH ROW
                EXECUTE FUNCTION govapp_refuse('{INSTANT_REFUSAL}');
            CREATE TRIGGER govapp_not_before_is_never_emptied
                BEFORE TRUNCATE ON govapp_not_before
                EXECUTE FUNCTION govapp_refuse('{INSTANT_REFUSAL}');
            """
        )
        return
    differs = REVIVES.format(differs="IS NOT")
    op.execute(
        f"CREATE TRIGGER govapp_session_ended_is_final BEFORE UPDATE ON govapp_session"
        f" WHEN {differs} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
    op.execute(
        f"CREATE TRIGGER govapp_not_before_never_back BEFORE UPDATE ON govapp_not_before"
        f" WHEN NEW.instant < OLD.instant OR NEW.subject <> OLD.subject"
        f" BEGIN SELECT RAISE(ABORT, '{INSTANT_REFUSAL}'); END"
    )
    op.execute(
        f"CREATE TRIGGER govapp_not_before_stays BEFORE DELETE ON govapp_not_before"
        f" BEGIN SELECT RAISE(ABORT, '{INSTANT_REFUSAL}'); END"
    )
    # INSERT OR REPLACE deletes without asking the triggers above: it must not write over a row.
    op.execute(
        f"CREATE TRIGGER govapp_session_is_not_replaced BEFORE INSERT ON govapp_session"
        f" WHEN EXISTS (SELECT 1 FROM govapp_session WHERE id = NEW.id"
        f" OR public_id = NEW.public_id OR token_hash = NEW.token_hash)"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
    op.execute(
        f"CREATE TRIGGER govapp_not_before_is_not_replaced BEFORE INSERT ON govapp_not_before"
        f" WHEN EXISTS (SELECT 1 FROM govapp_not_before WHERE subject = NEW.subject)"
        f" BEGIN SELECT RAISE(ABORT, '{INSTANT_REFUSAL}'); END"
    )


def upgrade() -> None:
    op.create_table(
        "govapp_audit_event",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("address", sa.LargeBinary(length=16), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("fold_key", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_govapp_audit_event"),
        sa.UniqueConstraint("fold_key", name="uq_govapp_audit_event_fold_key"),
    )
    op.create_index("ix_govapp_audit_event_actor_id", "govapp_audit_event", ["actor_id", "id"])
    op.create_index("ix_govapp_audit_event_at", "govapp_audit_event", ["at"])
    op.create_index("ix_govapp_audit_event_event", "govapp_audit_event", ["event", "id"])
    op.create_index("ix_govapp_audit_event_session_id", "govapp_audit_event", ["session_id", "id"])
    op.create_index("ix_govapp_audit_event_subject_id", "govapp_audit_event", ["subject_id", "id"])
    op.create_table(
        "govapp_group",
        sa.Column("name", BINARY_TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_govapp_group"),
    )
    op.create_table(
        "govapp_not_before",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("instant", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_govapp_not_before"),
    )
    op.create_table(
        "govapp_session",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("rotated_at", MOMENT, nullable=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=True),
        sa.Column("device", BINARY_TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("authenticated_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("idle_expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_note", sa.Text(), nullable=True),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_govapp_session"),
        sa.UniqueConstraint("public_id", name="uq_govapp_session_public_id"),
        sa.UniqueConstraint("token_hash", name="uq_govapp_session_token_hash"),
        postgresql_with={"fillfactor": 90},
    )
    op.create_index("ix_govapp_session_address", "govapp_session", ["address", "id"])
    op.create_index("ix_govapp_session_device", "govapp_session", ["device", "id"])
    op.create_index("ix_govapp_session_ended_at", "govapp_session", ["ended_at"])
    op.create_index("ix_govapp_session_expires_at", "govapp_session", ["expires_at"], **UNENDED)
    op.create_index(
        "ix_govapp_session_previous_hash", "govapp_session", ["previous_hash"], **ROTATED
    )
    op.create_index("ix_govapp_session_unended", "govapp_session", ["id"], **UNENDED)
    op.create_index("ix_govapp_session_user_id", "govapp_session", ["user_id", "id"])
    op.create_table(
        "govapp_throttle",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("blocked_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_govapp_throttle"),
    )
    op.create_index("ix_govapp_throttle_last_at", "govapp_throttle", ["last_at"])
    op.create_table(
        "govapp_user",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("login_key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_changed_at", MOMENT, nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_govapp_user"),
        sa.UniqueConstraint("login_key", name="uq_govapp_user_login_key"),
    )
    op.create_table(
        "govapp_grant",
        sa.Column("group_name", BINARY_TEXT, nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("over", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_name"], ["govapp_group.name"], name="fk_govapp_grant_group_name"
        ),
        sa.PrimaryKeyConstraint("group_name", "permission", "over", name="pk_govapp_grant"),
    )
    op.create_table(
        "govapp_membership",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("group_name", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_name"], ["govapp_group.name"], name="fk_govapp_membership_group_name"
        ),
        sa.PrimaryKeyConstraint("user_id", "group_name", name="pk_govapp_membership"),
    )
    op.create_index(
        "ix_govapp_membership_group_name", "govapp_membership", ["group_name", "user_id"]
    )
    op.create_table(
        "govapp_one_time_link",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["govapp_user.id"],
            name="fk_govapp_one_time_link_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_govapp_one_time_link"),
    )
    op.create_index("ix_govapp_one_time_link_user_id", "govapp_one_time_link", ["user_id"])
    # Everyone's instant is always there, so that it can be locked.
    zone = "+00" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(
        "INSERT INTO govapp_not_before (subject, instant)"
        f" VALUES ('everyone', '1970-01-01 00:00:00.000000{zone}')"
    )
    create_guards()


def downgrade() -> None:
    op.drop_table("govapp_one_time_link")
    op.drop_table("govapp_membership")
    op.drop_table("govapp_grant")
    op.drop_table("govapp_user")
    op.drop_table("govapp_throttle")
    op.drop_table("govapp_session")
    op.drop_table("govapp_not_before")
    op.drop_table("govapp_group")
    op.drop_table("govapp_audit_event")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION govapp_refuse()")
