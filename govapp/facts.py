"""Facts about the application and the request, each found once.

``config.registry["govapp.settings"]`` the parsed settings · ``request.now`` this request's one
instant, aware UTC · ``request.request_id`` · ``request.source_address`` the client's address,
as trusted proxies tell it.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime

from pyramid.config import Configurator
from pyramid.request import Request

from govapp import settings as govapp_settings
from govapp.network import Address, client_address


def includeme(config: Configurator) -> None:
    """Parse the settings and add the facts. Raises SettingsError listing every mistake."""
    registry = config.registry
    registry["govapp.settings"] = govapp_settings.read(registry.settings, os.environ)
    registry.setdefault("govapp.clock", utc_now)
    config.add_request_method(_now, "now", reify=True)
    config.add_request_method(_request_id, "request_id", reify=True)
    config.add_request_method(_source_address, "source_address", reify=True)


def utc_now() -> datetime:
    """Return the present instant; tests put another clock into the registry."""
    return datetime.now(UTC)


def settings_of(request: Request) -> govapp_settings.Settings:
    """Return the application's settings."""
    settings: govapp_settings.Settings = request.registry["govapp.settings"]
    return settings


def _now(request: Request) -> datetime:
    now: datetime = request.registry["govapp.clock"]()
    return now


def _request_id(request: Request) -> str:
    return secrets.token_hex(8)


def _source_address(request: Request) -> Address | None:
    # Never request.client_addr: it believes the first X-Forwarded-For of anybody (S-133).
    return client_address(
        request.environ.get("REMOTE_ADDR"),
        request.headers.get("X-Forwarded-For"),
        settings_of(request).trusted_proxies,
    )
