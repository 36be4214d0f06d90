"""Bodies of forms as no browser sends them: other shapes, lies about the length, far too much.

Each is made of the fields of a form in order, as pairs of bytes, the token last; and yields
``(headers, body, environ)``.
"""

from __future__ import annotations

import io
import json
from urllib.parse import urlencode

URLENCODED = "application/x-www-form-urlencoded"
KILOBYTES_300 = 300 * 1024


def part(name, value, *, boundary=b"b", headers=b"", filename=None):
    """Return one part of a form in parts."""
    named = b'; filename="' + filename + b'"' if filename is not None else b""
    disposition = b'Content-Disposition: form-data; name="' + name + b'"' + named
    return b"--" + boundary + b"\r\n" + disposition + headers + b"\r\n\r\n" + value + b"\r\n"


def in_parts(fields, *, boundary="b", before=b"", **options):
    """Return a form in parts, behind those that are ready."""
    body = before + b"".join(part(*pair, **options) for pair in fields) + b"--b--\r\n"
    return [("Content-Type", f"multipart/form-data; boundary={boundary}")], body, {}


def plain(fields, *, content_type=URLENCODED, body=None, **environ):
    body = urlencode(fields).encode() if body is None else body
    return [("Content-Type", content_type)], body, environ


class Gone(io.RawIOBase):
    """The body of a client that went away."""

    def readinto(self, buffer):
        raise ConnectionResetError("the client went away")

    def read(self, size=-1):
        raise ConnectionResetError("the client went away")


def _text(fields):
    return {name.decode(): value.decode() for name, value in fields}


# Nothing that these say is to be done, although every field is in order.
REFUSED = {
    "JSON": lambda fields: plain(
        fields, content_type="application/json", body=json.dumps(_text(fields)).encode()
    ),
    "plain text": lambda fields: plain(fields, content_type="text/plain"),
    "another charset": lambda fields: plain(
        fields,
        content_type=f"{URLENCODED}; charset=utf-16",
        body=urlencode(fields).encode("utf-16"),
    ),
    "no such charset": lambda fields: plain(fields, content_type=f"{URLENCODED}; charset=nope"),
    "no boundary": lambda fields: plain(
        fields, content_type="multipart/form-data", body=in_parts(fields)[1]
    ),
    "an endless boundary": lambda fields: in_parts(fields, boundary="b" * 10_000),
    "a boundary that is no text": lambda fields: in_parts(fields, boundary="\xe9\xff"),
    "the boundary of another form": lambda fields: in_parts(fields, boundary="c"),
    "files instead of fields": lambda fields: in_parts(
        fields[-1:], before=b"".join(part(*pair, filename=b"f.txt") for pair in fields[:-1])
    ),
    "a file instead of the token": lambda fields: in_parts(
        fields[:-1], before=part(*fields[-1], filename=b"f.txt")
    ),
    "a form within a form": lambda fields: plain(
        fields,
        content_type="multipart/form-data; boundary=o",
        body=part(
            b"x",
            in_parts(fields)[1],
            boundary=b"o",
            headers=b"\r\nContent-Type: multipart/mixed; boundary=b",
        )
        + b"--o--\r\n",
    ),
    "parts that are no base64": lambda fields: in_parts(
        fields, headers=b"\r\nContent-Transfer-Encoding: base64"
    ),
    "parts in no known charset": lambda fields: in_parts(
        fields, headers=b"\r\nContent-Type: text/plain; charset=bogus"
    ),
    "a field that is no text": lambda fields: plain([*fields, (b"x", b"\xff")]),
    "a field that is no text, unquoted": lambda fields: plain(
        fields, body=urlencode(fields).encode() + b"&x=\xff\xfe"
    ),
    "a part that is no text": lambda fields: in_parts([*fields, (b"x", b"\xff")]),
    "a name that is no text": lambda fields: plain([*fields, (b"\xc0\xaf", b"x")]),
    "nothing": lambda fields: plain(fields, body=b""),
    "only separators": lambda fields: plain(fields, body=b"&;=&&==;" * 1000),
    "brackets": lambda fields: plain([(name + b"[]", value) for name, value in fields]),
    "names in capitals": lambda fields: plain([(name.upper(), value) for name, value in fields]),
    "quoted twice": lambda fields: plain(
        fields, body=urlencode(fields).replace("=", "%3D").encode()
    ),
    "a body that never comes": lambda fields: plain(
        fields, **{"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "500"}
    ),
    "a client that went away": lambda fields: plain(
        fields, **{"wsgi.input": Gone(), "CONTENT_LENGTH": "500"}
    ),
    "shorter than it says": lambda fields: plain(
        fields, CONTENT_LENGTH=str(len(urlencode(fields)) + 1)
    ),
    "longer than any file": lambda fields: plain(fields, CONTENT_LENGTH="9" * 30),
    "no length": lambda fields: plain(fields, CONTENT_LENGTH=""),
    "a negative length": lambda fields: plain(fields, CONTENT_LENGTH="-1"),
    "a length in words": lambda fields: plain(fields, CONTENT_LENGTH="all of it"),
    "a length of zero": lambda fields: plain(fields, CONTENT_LENGTH="0"),
}
# Says nothing of a form that has no fields.
OF_FIELDS = {"files instead of fields"}
# These may be read or refused, as long as nothing breaks.
HARMLESS = {
    "300 KB in one field": lambda fields: plain([*fields, (b"x", b"A" * KILOBYTES_300)]),
    "300 KB in one name": lambda fields: plain([*fields, (b"A" * KILOBYTES_300, b"x")]),
    "10,000 fields": lambda fields: plain([*fields, *[(b"id", b"0" * 32)] * 10_000]),
    "every field 300 KB": lambda fields: plain(
        [(n, v if n == b"csrf_token" else b"A" * KILOBYTES_300) for n, v in fields]
    ),
    "every field a huge number": lambda fields: plain(
        [(n, v if n == b"csrf_token" else b"9" * 5000) for n, v in fields]
    ),
    "every field with a NUL": lambda fields: plain(
        [(n, v if n == b"csrf_token" else v + b"\0") for n, v in fields]
    ),
    "every field a line of a log": lambda fields: plain(
        [(n, v if n == b"csrf_token" else v + b'\r\n","outcome":"ok') for n, v in fields]
    ),
    "the token twice": lambda fields: plain([(b"csrf_token", b"x"), *fields]),
    "the token twice, wrong at last": lambda fields: plain([*fields, (b"csrf_token", b"x")]),
    "in parts": lambda fields: in_parts(fields),
    "in parts, 300 KB": lambda fields: in_parts([*fields, (b"x", b"A" * KILOBYTES_300)]),
    "in 500 parts": lambda fields: in_parts([*fields, *[(b"id", b"x")] * 500]),
    "parts of a length that is none": lambda fields: in_parts(
        fields, headers=b"\r\nContent-Length: -7"
    ),
    "parts longer than they are": lambda fields: in_parts(
        fields, headers=b"\r\nContent-Length: 99999999"
    ),
    "parts with a name of markup": lambda fields: in_parts([*fields, (b'"><script>', b"x")]),
    "parts without an end": lambda fields: (*in_parts(fields)[:1], in_parts(fields)[1][:-9], {}),
    "a broken escape": lambda fields: plain(fields, body=urlencode(fields).encode() + b"&x=%zz%"),
    "no content type": lambda fields: plain(fields, content_type=""),
    "a content type of slashes": lambda fields: plain(fields, content_type="/;/=;charset"),
    "said to be packed": lambda fields: (
        [("Content-Type", URLENCODED), ("Content-Encoding", "gzip")],
        b"\x1f\x8b" + urlencode(fields).encode(),
        {},
    ),
}
