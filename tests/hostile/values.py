"""What strangers send, as strategies of hypothesis.

A build tries the same bounded examples each time. To search longer, and elsewhere each time, say
how many examples every property is to be tried with::

    HOSTILE_EXAMPLES=2000 make test T=tests/hostile
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

_LONGER = int(os.environ.get("HOSTILE_EXAMPLES", "0"))

MARKUP = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
# What anything may choke on, or be taken in by.
TEXTS = (
    "",
    " ",
    "a\0b",
    MARKUP,
    IMAGE,
    "{{7*7}}${7*7}%(x)s{x!r}",
    "' OR 1=1--",
    "\u202egnp.exe\u2066\u200b\ufeff\u061c",
    "\x1b[31mred\x07\x08\x7f\x9b",
    "one\r\nSet-Cookie: govapp=x\r\n\r\n",
    "\u2028line\u2029paragraph\x85\x0b\x0c",
    "\U000e0041\U0001f600\u0660\u0661\uff11\ufffe\uffff",
    "\ud800",
    "9" * 400,
    "0" * 32,
    "A" * 9000,
    "é" * 501,
)
# What this or that field may choke on.
SPECIAL = (
    "-1",
    "1e309",
    "NaN",
    "٣",
    "F" * 32,
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "after-",
    "after-" + "f" * 32,
    "before-0",
    "%2e%2e%2f%00",
    "../../etc/passwd",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/sign-out",
    "/admin/users/" + "0" * 32 + "/revocation",
    "/%ff",
    "/x?" + "a=1&" * 300,
    "someone@example.org",
    "192.0.2.0/99",
    "::ffff:1.2.3.4%eth0",
    "1.2.3.4/255.255.255.0",
    "::/0",
    "*",
    "everyone",
    "\u0130" * 254,
)
BYTES = (b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"%", b"%zz", b"%00", b"\x80" * 64, b"a\r\nb")


def bounded(examples):
    """Return the settings of a property: so many examples, or as many as the run asks for."""
    return settings(
        max_examples=_LONGER or examples,
        derandomize=not _LONGER,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def raw(text):
    """Return the bytes that a client sends for a text, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def hostile():
    """Return a strategy for the bytes of a value."""
    texts = st.one_of(st.sampled_from(TEXTS + SPECIAL), st.text(max_size=60)).map(raw)
    # What cannot be decoded is refused before anything else is asked: rarer than the rest.
    return st.one_of(texts, texts, texts, texts, st.sampled_from(BYTES), st.binary(max_size=40))


def values(good):
    """Return a strategy for the value of a field: often in order, else hostile."""
    proper = st.sampled_from([raw(text) for text in good] or [b"1"])
    return st.one_of(proper, proper, hostile())


def pairs(names, *, at_most=6):
    """Return a strategy for fields: known ones, repeated, left out, and strangers among them."""
    known = [st.tuples(st.just(raw(name)), values(good)) for name, good in sorted(names.items())]
    strange = st.tuples(hostile(), hostile())
    complete = st.tuples(*known).map(list)
    mixed = st.lists(st.one_of(*known, strange), max_size=at_most)
    return st.one_of(complete, complete, mixed)


HEADER_VALUES = (
    "",
    "application/json",
    "application/json;q=x, text/html;q=\xff",
    "*/*;q=9" + ",a/b" * 500,
    "null",
    "http://[x",
    "http://localhost:99999999/",
    "https://evil.example",
    "localhost:99999999999",
    "localhost:x",
    "[::1",
    "multipart/form-data; boundary=x",
    "text/html; charset=\xff",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=no\0pe",
    "1.2.3.4, 5.6.7.8, " + "9.9.9.9, " * 300,
    "::1%lo, [::1], 999.1.1.1",
    "https, http",
    "DELETE",
    "bytes=0-" + "9" * 60,
    "bytes=-1,5-,x",
    "bytes=--5",
    "Thu, 01 Jan 99999 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -9999",
    'W/"x", *',
    "Thu, 99 Foo 99999 99:99:99 GMT",
    "-5",
    "1e9",
    "99999999999999999999",
    "Mozilla/5.0 " + "(" * 3000,
    MARKUP,
    "\x1b[31m\x07\0\x7f",
    "Bearer " + "A" * 43,
)


def header_values():
    """Return a strategy for what a server may pass on in a header: Latin-1 without line ends."""
    return st.one_of(
        st.sampled_from(HEADER_VALUES),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60),
    )
