"""``request.session``: Pyramid's ISession over one row, or over the visit cookie.

What a request changes is kept as a change, and applied just before commit to the row re-read
under its lock (:mod:`govapp.sessions.guard`): two requests that each flash once both show.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from typing import Any

from pyramid.interfaces import ISession
from zope.interface import implementer

from govapp.sessions import tokens

FORBIDDEN_ADVICE = (
    "A session holds the user's id, flash messages and the CSRF token. Permissions, groups and"
    " e-mail addresses belong in the database, where every request reads them anew; what a few"
    " requests share for a while is declared with config.add_session_key(name, max_bytes=…)."
)
MAX_FLASH_BYTES = 4000
Flash = dict[str, list[Any]]


class SessionKeyError(KeyError):
    """Raised when something is put into the session that has no place there."""

    def __str__(self) -> str:
        return str(self.args[0])


@implementer(ISession)
class RequestSession(MutableMapping[str, Any]):
    """The session of this request: signed in (``row`` is set) or anonymous."""

    def __init__(
        self,
        *,
        row: Any,
        visit: Mapping[str, Any],
        now_epoch: int,
        declared: Mapping[str, int],
        end_own: Callable[[], None],
    ) -> None:
        self._declared = declared
        self._now_epoch = now_epoch
        self._end_own = end_own
        self.row = row
        self.new_token: str | None = None
        # The session that this request ended, and the one found alive under lock before that.
        self.left_row: int | None = None
        self.proven_row: int | None = None
        self.begun_here = False
        self._starts_over = False
        self._load(visit if row is None else row.data, visit)

    def _load(self, data: Mapping[str, Any], visit: Mapping[str, Any]) -> None:
        self._stored: Flash = deepcopy(dict(data.get("flash", {})))
        self._keys: dict[str, Any] = deepcopy(dict(data.get("keys", {})))
        self._keys_before = deepcopy(self._keys)
        self._flashed: list[tuple[str, Any]] = []
        self._popped: list[tuple[str, Any]] = []
        self._csrf: str | None = visit.get("csrf") if self.row is None else self.row.csrf_token
        self._new_csrf: str | None = None
        self._visit_extra = {k: v for k, v in visit.items() if k in {"why", "link"}}

    # ------------------------------------------------------------ ISession

    @property
    def created(self) -> int:
        """When the session began, in seconds since the epoch."""
        if self.row is None:
            return self._now_epoch
        return int(self.row.created_at.timestamp())

    @property
    def new(self) -> bool:
        """Whether this request began the session, or there is none."""
        return self.row is None or self.new_token is not None

    def invalidate(self) -> None:
        """End the session: sign out. What follows is an anonymous visit."""
        if self.row is not None:
            self._end_own()
        # A visitor has no row to end: what the cookie held must go, too.
        self._starts_over = True
        self.become_anonymous()

    def changed(self) -> None:
        """Nothing to do: values are compared with what they were."""

    def flash(self, msg: Any, queue: str = "", allow_duplicate: bool = True) -> None:
        """Queue a message for the next page; dropped if this request rolls back."""
        _check_json(msg, MAX_FLASH_BYTES, what="a flash message")
        if allow_duplicate or msg not in self.peek_flash(queue):
            self._flashed.append((queue, msg))

    def pop_flash(self, queue: str = "") -> list[Any]:
        """Return the queue's messages and take them out."""
        messages = self.peek_flash(queue)
        self._popped += [(queue, message) for message in self._stored.pop(queue, [])]
        self._flashed = [pair for pair in self._flashed if pair[0] != queue]
        return messages

    def peek_flash(self, queue: str = "") -> list[Any]:
        """Return the queue's messages and leave them."""
        mine = [message for name, message in self._flashed if name == queue]
        return [*self._stored.get(queue, []), *mine]

    def new_csrf_token(self) -> str:
        """Replace the CSRF token and return the new one."""
        self._csrf = self._new_csrf = tokens.new_token()
        return self._csrf

    def get_csrf_token(self) -> str:
        """Return the CSRF token, a new one if there is none."""
        return self._csrf or self.new_csrf_token()

    # ------------------------------------------------------------ mapping of declared keys

    def __getitem__(self, key: str) -> Any:
        return self._keys[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._check(key, value)
        self._keys[key] = value

    def __delitem__(self, key: str) -> None:
        del self._keys[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def _check(self, key: str, value: Any) -> None:
        if key not in self._declared:
            raise SessionKeyError(f"{key!r} cannot be kept in the session. {FORBIDDEN_ADVICE}")
        _check_json(value, self._declared[key], what=f"session key {key!r}")

    # ------------------------------------------------------------ changes

    def adopt(self, row: Any, token: str) -> None:
        """Go on as this new session; nothing from before crosses over."""
        self.row = row
        self.new_token = token
        self.begun_here = True
        self._load({}, {})

    def abandon(self) -> None:
        """Forget a session that was begun here and is to be rolled back."""
        self.left_row = None
        self.become_anonymous()

    def adopt_token(self, token: str) -> None:
        """Go on under a new secret for the same session."""
        self.new_token = token

    def leave(self) -> None:
        """Go on without the session that this request has ended in the store."""
        if not self.begun_here:
            self.left_row = self.row.id
        self.become_anonymous()

    def become_anonymous(self) -> None:
        """Go on without a session, after its end."""
        self.row = None
        self.new_token = None
        self.begun_here = False
        self._load({}, {})

    @property
    def left(self) -> bool:
        """Tell whether this request ended the session that it came with."""
        return self.left_row is not None

    @property
    def has_changes(self) -> bool:
        """Tell whether something is to be written to the row."""
        return bool(
            self._flashed or self._popped or self._new_csrf or self._keys != self._keys_before
        )

    def validate(self) -> None:
        """Raise ValueError for a value that was changed in place beyond what was declared."""
        for key, value in self._keys.items():
            self._check(key, value)

    def apply(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored data with this request's changes applied."""
        flash: Flash = {queue: list(found) for queue, found in data.get("flash", {}).items()}
        for queue, message in self._popped:
            if message in flash.get(queue, []):
                flash[queue].remove(message)
        for queue, message in self._flashed:
            flash.setdefault(queue, []).append(message)
        keys = dict(data.get("keys", {}))
        for key in self._keys_before.keys() | self._keys.keys():
            if key not in self._keys:
                keys.pop(key, None)
            elif key not in self._keys_before or self._keys[key] != self._keys_before[key]:
                keys[key] = self._keys[key]
        flash = {queue: found for queue, found in flash.items() if found}
        return {name: part for name, part in (("flash", flash), ("keys", keys)) if part}

    @property
    def new_csrf(self) -> str | None:
        """The CSRF token minted in this request, if one was."""
        return self._new_csrf

    def visit_state(self, before: Mapping[str, Any], *, committed: bool) -> dict[str, Any]:
        """Return what the visit cookie should hold after this request.

        The CSRF token, a reason for having been signed out and a link's token may go with any
        response; flash messages and declared keys only with a commit. A signed-in browser
        needs no visit cookie.
        """
        if self.row is not None:
            began_here = self.new_token is not None and not committed
            return dict(before) if began_here else dict(self._visit_extra)
        leaves = self.left or self._starts_over
        if leaves and not committed:
            return dict(before)
        base = {} if leaves else before
        state = self.apply(base) if committed else _parts(base, "flash", "keys")
        if self._csrf:
            state["csrf"] = self._csrf
        return state | self._visit_extra

    # ------------------------------------------------------------ the visit cookie's extras

    def remember(self, name: str, value: str) -> None:
        """Keep ``why`` (the last session ended) or ``link`` (a one-time token) for this visit."""
        self._visit_extra[name] = value

    def recall(self, name: str) -> str | None:
        """Return what was remembered under this name, or None."""
        return self._visit_extra.get(name)

    def forget(self, name: str) -> str | None:
        """Return what was remembered and take it out, or None."""
        return self._visit_extra.pop(name, None)


def _parts(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _check_json(value: Any, max_bytes: int, *, what: str) -> None:
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except (TypeError, ValueError):
        raise ValueError(f"{what} is a {type(value).__name__}, which is not JSON") from None
    if size > max_bytes:
        raise ValueError(f"{what} takes {size} bytes, more than {max_bytes}")
