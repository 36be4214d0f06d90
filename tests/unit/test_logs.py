"""One record, one line of JSON, whatever somebody managed to have logged."""

import configparser
import json
import logging
import logging.config
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from govapp.logs import JSONFormatter, without_values

HOSTILE = '\r\n\x1b[31mred\u2028\u2029\u202egnp.exe\x00","outcome":"ok'


def formatted(message="hello", *args, **kw):
    record = logging.getLogger("govapp.test").makeRecord(
        "govapp.test", logging.WARNING, __file__, 1, message, args, kw.pop("exc_info", None), **kw
    )
    record.created = 1_764_000_000.25
    return JSONFormatter().format(record)


def test_a_record_says_when_how_bad_where_and_what():
    assert json.loads(formatted("%s of %d", "one", 2)) == {
        "time": "2025-11-24T16:00:00.250+00:00",
        "level": "WARNING",
        "logger": "govapp.test",
        "message": "one of 2",
    }


def test_request_event_and_incident_are_fields_and_nothing_else():
    extra = {"request_id": "0a1b", "event": "csrf_fail", "incident": "i7", "password": "x"}

    entry = json.loads(formatted(extra=extra))

    assert {key: entry[key] for key in ("request_id", "event", "incident")} == {
        "request_id": "0a1b",
        "event": "csrf_fail",
        "incident": "i7",
    }
    assert "password" not in entry


@pytest.mark.standard("S-122")
def test_nothing_breaks_or_fakes_a_line():
    line = formatted("%s", HOSTILE, extra={"event": HOSTILE})

    assert line.isascii() and line.isprintable()
    assert json.loads(line)["message"] == HOSTILE
    assert json.loads(line)["event"] == HOSTILE


def test_an_exception_is_text_in_the_same_line():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        line = formatted(exc_info=sys.exc_info(), sinfo="the stack")

    assert "\n" not in line
    entry = json.loads(line)
    assert entry["exception"].endswith("ValueError: two\nlines")
    assert entry["stack"] == "the stack"


@pytest.mark.standard("S-121")
def test_what_was_sent_to_the_database_is_left_out():
    engine = create_engine("sqlite://")
    # Put together here, since the traceback quotes these lines.
    value = "".join(["can", "ary"])
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT x FROM nowhere WHERE y = :y"), {"y": value})
    except DBAPIError as error:
        line = formatted("it failed: %s", error, exc_info=sys.exc_info())
    engine.dispose()

    assert value not in line
    assert "no such table" in line and "SELECT x" in line


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            "(psycopg.errors.UniqueViolation) duplicate key\n"
            "DETAIL:  Key (login_key)=(canary) already exists.\n[SQL: INSERT]",
            "(psycopg.errors.UniqueViolation) duplicate key\n(values left out)\n[SQL: INSERT]",
        ),
        (
            "violates\nDETAIL:  Failing row contains (1, canary\ncanary).\nCONTEXT:  here",
            "violates\n(values left out)\nCONTEXT:  here",
        ),
        ("gone\nDETAIL:  canary", "gone\n(values left out)"),
        (
            "[SQL: x]\n[parameters: {'a': 'canary]'}]\n(Background on this error)",
            "[SQL: x]\n(values left out)\n(Background on this error)",
        ),
        ("a DETAIL: in the middle", "a DETAIL: in the middle"),
    ],
)
def test_values_are_cut_out_of_what_drivers_say(said, left):
    assert without_values(said) == left


def test_an_ini_can_name_the_formatter(tmp_path, capsys):
    ini = tmp_path / "logging.ini"
    ini.write_text(
        "[loggers]\nkeys = root\n[handlers]\nkeys = console\n[formatters]\nkeys = json\n"
        "[logger_root]\nlevel = INFO\nhandlers = console\n"
        "[handler_console]\nclass = StreamHandler\nargs = (sys.stderr,)\nformatter = json\n"
        "[formatter_json]\nclass = govapp.logs.JSONFormatter\n"
    )
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logging.config.fileConfig(ini, disable_existing_loggers=False)
        logging.getLogger("x").info("hello")
    finally:
        root.handlers[:], root.level = before

    assert json.loads(capsys.readouterr().err)["message"] == "hello"


def test_production_ini_names_it():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(Path(__file__).parents[2] / "production.ini")

    assert parser["formatter_json"]["class"] == "govapp.logs.JSONFormatter"
    # What Python from 3.12 on passes as well.
    assert JSONFormatter(None, None, "%", defaults=None)
