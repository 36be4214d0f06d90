"""Groups, who belongs to them, and the grants that they hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.models.base import Base, BinaryText, UTCDateTime

# A grant's ``over`` when it is not limited to a group; no group can have this name.
OVER_EVERYONE = "*"


class Group(Base):
    """A named group of people. The name is a slug, stands in URLs and is never changed."""

    __tablename__ = "govapp_group"

    name: Mapped[str] = mapped_column(BinaryText, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Membership(Base):
    """A person belongs to a group. ``user_id`` has no foreign key: it may be a host's."""

    __tablename__ = "govapp_membership"
    __table_args__ = (Index("ix_govapp_membership_group_name", "group_name", "user_id"),)

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    group_name: Mapped[str] = mapped_column(ForeignKey("govapp_group.name"), primary_key=True)


class Grant(Base):
    """A group holds a permission over the members of a group, or over everyone (``*``)."""

    __tablename__ = "govapp_grant"

    group_name: Mapped[str] = mapped_column(ForeignKey("govapp_group.name"), primary_key=True)
    permission: Mapped[str] = mapped_column(Text, primary_key=True)
    # No foreign key, because of "*"; that the group exists is checked where grants are made.
    over: Mapped[str] = mapped_column(Text, primary_key=True)
