"""Every setting: its name, type, unit and default. Pure.

:func:`read` takes them from the ini and from the environment (``GOVAPP_`` and the name after
``govapp.`` in capitals) and reports all mistakes at once. What production refuses beyond that
is in :mod:`govapp.dangers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from govapp.network import Network, parse_network
from govapp.passwords import MIN_ITERATIONS, MIN_MEMORY_KIB
from govapp.policy import Limits

PREFIX = "govapp."
MIN_SECRET_BYTES = 32


class SettingsError(ValueError):
    """Raised with every mistake in the settings, one a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(["The settings cannot be used:", *(f"- {p}" for p in problems)]))
        self.problems = problems


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected {' or '.join(allowed)}")
        return text

    return parse


def _seconds(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number of seconds from {least} to {most}")
        return int(text)

    return parse


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise ValueError(f"expected a whole number of at least {least}")
        return int(text)

    return parse


def _boolean(text: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def _base_url(text: str) -> str:
    text = text.rstrip("/")
    parts = urlsplit(text)
    host = parts.hostname or ""
    origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}"
    origin += f":{parts.port}" if parts.port is not None else ""
    if parts.scheme not in {"http", "https"} or not host or origin != text.lower():
        raise ValueError(
            "expected scheme, host and perhaps a port, such as https://sessions.example.org"
        )
    return origin


def _secrets(text: str) -> tuple[bytes, ...]:
    secrets = tuple(word.encode() for word in text.split())
    if not secrets or min(map(len, secrets)) < MIN_SECRET_BYTES:
        raise ValueError(f"expected one or more secrets of at least {MIN_SECRET_BYTES} bytes each")
    return secrets


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(parse_network(word) for word in text.replace(",", " ").split())


DAY = 86_400


def _setting(parse: Callable[[str], Any], default: Any = MISSING, *, doc: str) -> Any:
    return field(default=default, metadata={"parse": parse, "doc": doc})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one application, parsed."""

    env: str = _setting(
        _choice("development", "production"), doc="`development` or `production`; no default"
    )
    base_url: str = _setting(
        _base_url,
        doc="where people reach the application; gives scheme, host, origin and links",
    )
    secrets: tuple[bytes, ...] = _setting(
        _secrets, doc="sign the visit cookie; newest first, at least 32 bytes each"
    )
    database_url: str | None = _setting(
        str, None, doc="look-up and independent connections, where not the same as `sqlalchemy.url`"
    )
    maintenance_url: str | None = _setting(
        str, None, doc="database role for migration and purge, where not the same"
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        _networks, (), doc="addresses or networks that may say who the client is"
    )
    cookie_secure: bool = _setting(_boolean, True, doc="`__Host-` cookies, sent over https only")
    idle_seconds: int = _setting(
        _seconds(60, 365 * DAY), 7 * DAY, doc="a session ends after this long without a request"
    )
    absolute_seconds: int = _setting(
        _seconds(60, 365 * DAY), 30 * DAY, doc="a session ends this long after signing in"
    )
    staff_idle_seconds: int = _setting(
        _seconds(60, 365 * DAY), 3600, doc="the same for anyone who holds a grant"
    )
    staff_absolute_seconds: int = _setting(
        _seconds(60, 365 * DAY), 12 * 3600, doc="the same for anyone who holds a grant"
    )
    fresh_seconds: int = _setting(
        _seconds(30, DAY), 600, doc="how long a proof of identity serves for changes"
    )
    touch_seconds: int = _setting(
        _seconds(1, 3600), 60, doc="how often at most the last activity is written"
    )
    rotation_grace_seconds: int = _setting(
        _seconds(0, 60), 10, doc="how long a rotated cookie still works for requests under way"
    )
    link_seconds: int = _setting(_seconds(60, 7 * DAY), DAY, doc="how long a one-time link works")
    keep_ended_seconds: int = _setting(
        _seconds(3600, 365 * DAY), 30 * DAY, doc="ended sessions are kept this long"
    )
    keep_audit_seconds: int = _setting(
        _seconds(DAY, 365 * DAY), 180 * DAY, doc="audit events are kept this long"
    )
    keep_address_seconds: int = _setting(
        _seconds(3600, 365 * DAY), 30 * DAY, doc="full addresses are kept this long, then coarse"
    )
    argon2_memory_kib: int = _setting(
        _whole(8), MIN_MEMORY_KIB, doc="memory of one password hash, in KiB"
    )
    argon2_iterations: int = _setting(_whole(1), MIN_ITERATIONS, doc="passes of one password hash")

    @property
    def user_limits(self) -> Limits:
        """Limits for everyone."""
        return Limits(self.idle_seconds, self.absolute_seconds)

    @property
    def staff_limits(self) -> Limits:
        """Limits for anyone who holds a grant: never looser than everyone's."""
        staff = Limits(self.staff_idle_seconds, self.staff_absolute_seconds)
        return staff.strictest(self.user_limits)

    @property
    def host(self) -> str:
        """The host name in ``base_url``."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_https(self) -> bool:
        """Tell whether people reach the application over https."""
        return self.base_url.startswith("https://")


def read(ini: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    """Return the settings, the environment before the ini.

    Raises SettingsError with every mistake: the name, where it came from, what was expected.
    Secrets are not repeated in messages.
    """
    known = {spec.name: spec for spec in fields(Settings)}
    problems = [
        f"{key} is not a setting of govapp"
        for key in sorted(ini)
        if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in known
    ]
    values: dict[str, Any] = {}
    for name, spec in known.items():
        text, origin = _lookup(name, ini, environ)
        if text is None or text == "":
            if spec.default is MISSING:
                problems.append(f"{PREFIX}{name} is missing: {spec.metadata['doc']}")
            continue
        try:
            values[name] = spec.metadata["parse"](text)
        except ValueError as error:
            shown = "" if name in {"secrets", "database_url", "maintenance_url"} else f" {text!r}"
            problems.append(f"{PREFIX}{name} from {origin} is{shown or ' unusable'}: {error}")
    problems += _contradictions(values)
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def _lookup(
    name: str, ini: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[str | None, str]:
    variable = f"GOVAPP_{name.upper()}"
    if variable in environ:
        return environ[variable], f"the environment ({variable})"
    return ini.get(PREFIX + name), "the ini"


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return what no single value shows: limits that contradict each other."""
    problems = []
    defaults = {spec.name: spec.default for spec in fields(Settings)}
    for idle, absolute in (
        ("idle_seconds", "absolute_seconds"),
        ("staff_idle_seconds", "staff_absolute_seconds"),
    ):
        shorter = values.get(idle, defaults[idle])
        longer = values.get(absolute, defaults[absolute])
        if shorter > longer:
            problems.append(f"{PREFIX}{idle} is {shorter}, more than {PREFIX}{absolute} {longer}")
    touch = values.get("touch_seconds", defaults["touch_seconds"])
    for idle in ("idle_seconds", "staff_idle_seconds"):
        rest = values.get(idle, defaults[idle])
        if touch >= rest:
            problems.append(
                f"{PREFIX}touch_seconds is {touch}, not less than {PREFIX}{idle} {rest}: people who"
                " are active would be signed out as idle"
            )
    return problems
