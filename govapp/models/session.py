"""The session: one row, one secret."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.models.base import Base, BinaryText, IPAddress, PackedAddress, Serial, UTCDateTime

UNENDED = text("ended_at IS NULL")


class Session(Base):
    """What is kept of one sign-in, live or ended.

    ``token_hash`` is the SHA-256 of the secret in the cookie; ``public_id`` is what pages and
    URLs show. Nothing here grants power: permissions are read from groups and grants.
    """

    __tablename__ = "govapp_session"
    __table_args__ = (
        # Lists page by id, newest first, within a person or within what is not ended.
        Index("ix_govapp_session_user_id", "user_id", "id"),
        Index(
            "ix_govapp_session_unended",
            "id",
            postgresql_where=UNENDED,
            sqlite_where=UNENDED,
        ),
        Index(
            "ix_govapp_session_expires_at",
            "expires_at",
            postgresql_where=UNENDED,
            sqlite_where=UNENDED,
        ),
        Index("ix_govapp_session_address", "address", "id"),
        Index("ix_govapp_session_device", "device", "id"),
        Index("ix_govapp_session_ended_at", "ended_at"),
        Index(
            "ix_govapp_session_previous_hash",
            "previous_hash",
            postgresql_where=text("previous_hash IS NOT NULL"),
            sqlite_where=text("previous_hash IS NOT NULL"),
        ),
        # last_seen_at and idle_expires_at are not indexed: a touch stays a HOT update.
        {"postgresql_with": {"fillfactor": 90}},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    rotated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # A string without a foreign key: in a host application the users are the host's.
    user_id: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    address: Mapped[IPAddress | None] = mapped_column(PackedAddress)
    device: Mapped[str] = mapped_column(BinaryText)

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # The database's clock at the start of the transaction; only for order against not-before.
    begun_at: Mapped[datetime] = mapped_column(UTCDateTime)
    authenticated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    idle_seconds: Mapped[int] = mapped_column(Integer)
    idle_expires_at: Mapped[datetime] = mapped_column(UTCDateTime)

    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end_reason: Mapped[str | None] = mapped_column(Text)
    ended_by: Mapped[str | None] = mapped_column(Text)
    end_note: Mapped[str | None] = mapped_column(Text)

    csrf_token: Mapped[str] = mapped_column(Text)
    # {"flash": {queue: [message, …]}, "keys": {declared key: value}}, and nothing else.
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
