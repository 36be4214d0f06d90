"""What must not serve real people: settings that production refuses (S-136). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govapp.passwords import MIN_ITERATIONS, MIN_MEMORY_KIB
from govapp.settings import Settings

SAMPLE_SECRET_MARK = "development-only"  # noqa: S105


def dangers(
    settings: Settings, ini: Mapping[str, Any], server: Mapping[str, str] | None
) -> list[str]:
    """Return why these settings must not serve real people, one sentence each (S-136).

    ``ini`` are the application's raw settings, ``server`` its ``[server:main]`` section.
    """
    problems = []
    urls = {
        "sqlalchemy.url": ini.get("sqlalchemy.url"),
        "govapp.database_url": settings.database_url,
        "govapp.maintenance_url": settings.maintenance_url,
    }
    problems += [
        f"{name} is SQLite, which has one writer; use PostgreSQL"
        for name, url in urls.items()
        if str(url or "").startswith("sqlite")
    ]
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        problems.append("govapp.trusted_proxies trusts every address; name the proxies")
    if not settings.is_https:
        problems.append(f"govapp.base_url is {settings.base_url}, which is not https")
    if any(SAMPLE_SECRET_MARK.encode() in secret for secret in settings.secrets):
        problems.append("govapp.secrets is the sample from development.ini; make your own")
    if any(len(set(secret)) < 10 for secret in settings.secrets):
        problems.append("govapp.secrets holds a secret that is not random")
    if not settings.cookie_secure:
        problems.append("govapp.cookie_secure is false; cookies would travel unprotected")
    if settings.argon2_memory_kib < MIN_MEMORY_KIB or settings.argon2_iterations < MIN_ITERATIONS:
        problems.append(
            f"govapp.argon2_memory_kib and argon2_iterations are below {MIN_MEMORY_KIB} and"
            f" {MIN_ITERATIONS}"
        )
    veto = str(ini.get("tm.commit_veto") or ini.get("pyramid_tm.commit_veto") or "")
    if veto not in {"", "govapp.db.commit_veto"}:
        problems.append(f"tm.commit_veto is {veto}; govapp's own decides what commits")
    keys = [key for aid in DEBUG_AIDS for key in (f"pyramid.{aid}", aid)]
    problems += [f"{key} is on" for key in keys if _is_on(ini.get(key))]
    if "debugtoolbar" in str(ini.get("pyramid.includes", "")):
        problems.append("pyramid.includes has the debug toolbar")
    return problems + _proxy_contradictions(settings, server or {})


# Each is read from the ini with and without "pyramid.", and from the environment first.
DEBUG_AIDS = (
    "debug_all",
    "debug_authorization",
    "debug_notfound",
    "debug_routematch",
    "debug_templates",
    "reload_all",
    "reload_templates",
    "reload_assets",
    "reload_resources",
)


def _is_on(value: object) -> bool:
    return str(value or "").strip().lower() in {"true", "yes", "on", "1", "t", "y"}


def _proxy_contradictions(settings: Settings, server: Mapping[str, str]) -> list[str]:
    """Return contradictions with waitress, which by default removes what proxies say."""
    if "waitress" not in server.get("use", ""):
        return []
    problems = []
    if server.get("trusted_proxy"):
        problems.append(
            "[server:main] trusted_proxy is set; leave it to govapp.trusted_proxies, so that one"
            " place decides"
        )
    passes = server.get("clear_untrusted_proxy_headers", "true").lower() == "false"
    if settings.trusted_proxies and not passes:
        problems.append(
            "govapp.trusted_proxies is set, but [server:main] removes the proxies' headers; set"
            " clear_untrusted_proxy_headers = false"
        )
    if _is_on(server.get("expose_tracebacks")):
        problems.append("[server:main] expose_tracebacks is on")
    return problems
