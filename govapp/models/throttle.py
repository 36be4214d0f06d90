"""Attempts that are counted before they are answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.models.base import Base, UTCDateTime


class Throttle(Base):
    """Consecutive attempts under one key since the last success, and when the next may come."""

    __tablename__ = "govapp_throttle"
    __table_args__ = (Index("ix_govapp_throttle_last_at", "last_at"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    blocked_until: Mapped[datetime] = mapped_column(UTCDateTime)
