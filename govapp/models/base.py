"""The declarative base and the column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Migrations name constraints explicitly, so the names must not depend on the database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all govapp tables; each is prefixed ``govapp_`` to live in a host's database."""

    metadata = MetaData(naming_convention=NAMING)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime with microseconds. Raises ValueError for a naive one.

    SQLite has no time zones: there the value is stored naive, in UTC, and sorts as text.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PackedAddress(TypeDecorator[IPAddress]):
    """An IP address as 16 bytes, IPv4 mapped into IPv6.

    Bytes sort like the addresses they stand for on every database, so that a network is one
    index range (:func:`network_bounds`) without a type that only PostgreSQL has.
    """

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: IPAddress | None, dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> IPAddress | None:
        if value is None:
            return None
        address = ipaddress.IPv6Address(bytes(value))
        return address.ipv4_mapped or address


def pack(address: IPAddress) -> bytes:
    """Return the 16 bytes that stand for this address."""
    if address.version == 4:
        return b"\0" * 10 + b"\xff\xff" + address.packed
    return address.packed


def network_bounds(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> tuple[IPAddress, IPAddress]:
    """Return the first and the last address of a network, both included."""
    return network.network_address, network.broadcast_address


# Keys that count upwards; SQLite numbers rows by itself only in an INTEGER primary key.
Serial = BigInteger().with_variant(Integer(), "sqlite")

# Text compared byte by byte, so that "begins with" is an index range in every locale.
BinaryText = Text().with_variant(Text(collation="C"), "postgresql")
