"""People who sign in, and the one-time links by which they set a password."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, LargeBinary, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from govapp.models.base import Base, BinaryText, UTCDateTime


class User(Base):
    """A person. ``id`` is random and may stand in URLs; the login may be an address and may not."""

    __tablename__ = "govapp_user"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    login: Mapped[str] = mapped_column(Text)
    login_key: Mapped[str] = mapped_column(BinaryText, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    active: Mapped[bool] = mapped_column(Boolean, server_default=true(), default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class OneTimeLink(Base):
    """Leave to set a password once, kept as the SHA-256 of the token in the link."""

    __tablename__ = "govapp_one_time_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("govapp_user.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
