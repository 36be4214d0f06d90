"""The audit trail: effects, refusals, and who looked at whose sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.models.base import Base, IPAddress, PackedAddress, Serial, UTCDateTime


class AuditEvent(Base):
    """One event. Ids only, no foreign keys: a refusal is written beside locked or undone rows.

    ``fold_key`` is set where events of one kind are counted instead of repeated.
    """

    __tablename__ = "govapp_audit_event"
    __table_args__ = (
        Index("ix_govapp_audit_event_subject_id", "subject_id", "id"),
        Index("ix_govapp_audit_event_actor_id", "actor_id", "id"),
        Index("ix_govapp_audit_event_session_id", "session_id", "id"),
        Index("ix_govapp_audit_event_event", "event", "id"),
        Index("ix_govapp_audit_event_at", "at"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    event: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    subject_id: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[str | None] = mapped_column(Text)
    address: Mapped[IPAddress | None] = mapped_column(PackedAddress)
    request_id: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    fold_key: Mapped[str | None] = mapped_column(Text, unique=True)
    count: Mapped[int] = mapped_column(Integer, default=1)
