"""Secrets of sessions: random, opaque, and of one form only."""

import hashlib
import secrets
import uuid
from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.sessions import tokens


@pytest.mark.standard("S-001")
def test_tokens_are_distinct_and_no_position_is_constant():
    made = [tokens.new_token() for _ in range(1000)]

    assert len(set(made)) == 1000
    assert all(tokens.parse_token(token) == token for token in made)
    assert min(len(set(column)) for column in zip(*made, strict=True)) > 10


@pytest.mark.standard("S-001")
def test_a_token_is_256_bits_of_the_systems_random_source(monkeypatch):
    asked = []
    source = secrets.token_bytes
    monkeypatch.setattr(secrets, "token_bytes", lambda n: asked.append(n) or source(n))

    token = tokens.new_token()

    assert asked == [32]
    assert len(urlsafe_b64decode(token + "=")) == 32


@pytest.mark.standard("S-007")
@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "a" * 42,
        "a" * 44,
        "a" * 4096,
        "a" * 42 + "=",
        "a" * 42 + "\n",
        "a" * 43 + "\n",
        "\n" + "a" * 43,
        "a" * 42 + "é",
        "a" * 42 + "\u0660",  # A digit, but not one of ours.
        "a" * 42 + "\x00",
        "a" * 42 + "%",
        "a" * 42 + "+",
        "' OR 1=1--" + "a" * 33,
    ],
)
def test_other_forms_are_no_tokens(text):
    assert tokens.parse_token(text) is None


@given(st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_every_text_of_the_right_form_is_looked_up_as_it_is(text):
    assert tokens.parse_token(text) == text


@pytest.mark.standard("S-003")
def test_only_the_sha_256_of_a_token_is_kept():
    token = tokens.new_token()

    assert tokens.digest(token) == hashlib.sha256(token.encode()).digest()


def test_public_ids_are_128_random_bits_and_read_back_from_a_url(monkeypatch):
    asked = []
    source = secrets.token_bytes
    monkeypatch.setattr(secrets, "token_bytes", lambda n: asked.append(n) or source(n))

    public_id = tokens.new_public_id()

    assert asked == [16]
    assert tokens.parse_public_id(public_id.hex) == public_id


@pytest.mark.standard("S-067")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 31,
        "0" * 33,
        "0" * 32 + "\n",
        "A" * 32,
        "g" * 32,
        "\u0660" * 32,
        "a" * 31 + "\x00",
        str(uuid.UUID(int=1)),
        "{" + "0" * 32 + "}",
        f"urn:uuid:{uuid.UUID(int=1)}",
        str(10**30),
        "../" + "0" * 29,
    ],
)
def test_other_forms_are_no_public_ids(text):
    assert tokens.parse_public_id(text) is None


@given(st.text(max_size=50))
def test_no_text_is_an_error(text):
    tokens.parse_token(text)
    tokens.parse_public_id(text)
