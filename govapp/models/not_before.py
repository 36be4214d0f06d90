"""Not-before instants: what began at or before one of them has ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.models.base import Base, UTCDateTime

EVERYONE = "everyone"


class NotBefore(Base):
    """An instant of the database's clock for a subject: ``everyone`` or ``user:<id>``."""

    __tablename__ = "govapp_not_before"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    instant: Mapped[datetime] = mapped_column(UTCDateTime)


def user_subject(user_id: str) -> str:
    """Return the subject under which a person's instant is kept."""
    return f"user:{user_id}"
