"""Settings: bounds, the environment, and all mistakes at once."""

import pytest

from govapp.policy import Limits
from govapp.settings import Settings, SettingsError, read

SECRET = "vD3kz0Qm8Lr5Xw2Tn7Yb4Hc9Js6Pf1Ga"
DAY = 86_400
GOOD = {
    "govapp.env": "development",
    "govapp.base_url": "https://sessions.example.org",
    "govapp.secrets": SECRET,
}


def problems_of(ini=None, environ=None):
    with pytest.raises(SettingsError) as caught:
        read(GOOD | (ini or {}), environ or {})
    return caught.value.problems


def test_what_must_be_set_is_enough_and_the_rest_has_its_documented_default():
    settings = read(GOOD, {})

    assert settings == Settings(
        env="development",
        base_url="https://sessions.example.org",
        secrets=(SECRET.encode(),),
        database_url=None,
        maintenance_url=None,
        trusted_proxies=(),
        cookie_secure=True,
        idle_seconds=7 * DAY,
        absolute_seconds=30 * DAY,
        staff_idle_seconds=3600,
        staff_absolute_seconds=12 * 3600,
        fresh_seconds=600,
        touch_seconds=60,
        rotation_grace_seconds=10,
        link_seconds=DAY,
        keep_ended_seconds=30 * DAY,
        keep_audit_seconds=180 * DAY,
        keep_address_seconds=30 * DAY,
        argon2_memory_kib=19456,
        argon2_iterations=2,
    )


# Alone, each value at its bound would contradict another; so these go along.
WIDE = {
    "govapp.absolute_seconds": str(365 * DAY),
    "govapp.staff_absolute_seconds": str(365 * DAY),
    "govapp.idle_seconds": "36000",
    "govapp.staff_idle_seconds": "36000",
    "govapp.touch_seconds": "1",
}
SHORT = {"govapp.idle_seconds": "60", "govapp.staff_idle_seconds": "60"}


@pytest.mark.standard("S-033")
@pytest.mark.parametrize(
    ("name", "least", "most", "along"),
    [
        ("idle_seconds", 60, 365 * DAY, WIDE),
        ("absolute_seconds", 60, 365 * DAY, WIDE | SHORT),
        ("staff_idle_seconds", 60, 365 * DAY, WIDE),
        ("staff_absolute_seconds", 60, 365 * DAY, WIDE | SHORT),
        ("fresh_seconds", 30, DAY, {}),
        ("touch_seconds", 1, 3600, WIDE),
        ("rotation_grace_seconds", 0, 60, {}),
        ("link_seconds", 60, 7 * DAY, {}),
        ("keep_ended_seconds", 3600, 365 * DAY, {}),
        ("keep_audit_seconds", DAY, 365 * DAY, {}),
        ("keep_address_seconds", 3600, 365 * DAY, {}),
    ],
)
def test_durations_have_a_least_and_a_most(name, least, most, along):
    key = f"govapp.{name}"

    assert getattr(read(GOOD | along | {key: str(least)}, {}), name) == least
    assert getattr(read(GOOD | along | {key: f" {most} "}, {}), name) == most
    for outside in (least - 1, most + 1):
        (problem,) = problems_of(along | {key: str(outside)})
        assert problem == (
            f"{key} from the ini is '{outside}': expected a whole number of seconds from"
            f" {least} to {most}"
        )


@pytest.mark.standard("S-033")
@pytest.mark.parametrize(
    "text", ["-1", "0", "1.5", "1e3", "600s", "ten", "none", "0x40", "9" * 5000]
)
def test_a_limit_cannot_be_switched_off_or_misread(text):
    (problem,) = problems_of({"govapp.idle_seconds": text})

    assert "govapp.idle_seconds" in problem


@pytest.mark.parametrize(("name", "least"), [("argon2_memory_kib", 8), ("argon2_iterations", 1)])
def test_hashing_has_a_least_cost(name, least):
    assert getattr(read(GOOD | {f"govapp.{name}": str(least)}, {}), name) == least
    for bad in (str(least - 1), "-5", "many"):
        (problem,) = problems_of({f"govapp.{name}": bad})
        assert problem.endswith(f"expected a whole number of at least {least}")


@pytest.mark.parametrize("text", ["true", "True", " yes ", "1"])
def test_words_for_true(text):
    assert read(GOOD | {"govapp.cookie_secure": text}, {}).cookie_secure is True


@pytest.mark.parametrize("text", ["false", "FALSE", "no", "0"])
def test_words_for_false(text):
    assert read(GOOD | {"govapp.cookie_secure": text}, {}).cookie_secure is False


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("env", "staging", "development or production"),
        ("env", "Production", "development or production"),
        ("cookie_secure", "maybe", "true or false"),
        ("base_url", "sessions.example.org", "such as https://"),
        ("base_url", "ftp://example.org", "such as https://"),
        ("base_url", "https://", "such as https://"),
        ("base_url", "https://example.org/?a=b", "such as https://"),
        ("base_url", "https://[::1", "govapp.base_url"),
        ("trusted_proxies", "10.0.0.0/33", "192.0.2.0/24"),
        ("trusted_proxies", "127.0.0.1 proxy.example.org", "'proxy.example.org'"),
    ],
)
def test_other_values_are_refused_with_what_was_expected(name, text, expected):
    (problem,) = problems_of({f"govapp.{name}": text})

    assert f"govapp.{name}" in problem
    assert expected in problem


def test_networks_are_separated_by_commas_or_blanks():
    settings = read(GOOD | {"govapp.trusted_proxies": "127.0.0.1, 10.0.0.0/8\n2001:db8::/32"}, {})

    assert [str(network) for network in settings.trusted_proxies] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize("name", ["env", "base_url", "secrets"])
@pytest.mark.parametrize("text", [None, ""])
def test_what_has_no_default_must_be_set(name, text):
    ini = {key: value for key, value in GOOD.items() if key != f"govapp.{name}"}
    if text is not None:
        ini[f"govapp.{name}"] = text

    with pytest.raises(SettingsError, match=f"govapp.{name} is missing: "):
        read(ini, {})


@pytest.mark.standard("S-135")
@pytest.mark.parametrize("secrets", ["x" * 31, f"{SECRET} short", " "])
def test_a_short_secret_is_refused_without_being_repeated(secrets):
    (problem,) = problems_of({"govapp.secrets": secrets})

    assert problem == (
        "govapp.secrets from the ini is unusable: expected one or more secrets of at least 32"
        " bytes each"
    )


def test_a_secret_of_32_bytes_is_enough_and_bytes_are_counted_not_characters():
    assert read(GOOD | {"govapp.secrets": "x" * 32}, {}).secrets == (b"x" * 32,)
    assert read(GOOD | {"govapp.secrets": "é" * 16}, {}).secrets == ("é".encode() * 16,)


@pytest.mark.parametrize("name", ["secrets", "database_url", "maintenance_url"])
def test_no_message_repeats_what_is_secret(name):
    mistakes = {f"govapp.{name}": "hush-hush", "govapp.env": "x", "govapp.idle_seconds": "0"}

    for text in (
        " ".join(problems_of(mistakes)),
        " ".join(problems_of(environ={f"GOVAPP_{name.upper()}": "hush-hush", "GOVAPP_ENV": "x"})),
    ):
        assert "hush" not in text


def test_the_environment_wins_and_is_named_in_messages():
    assert (
        read(GOOD, {"GOVAPP_IDLE_SECONDS": "120", "GOVAPP_TOUCH_SECONDS": "1"}).idle_seconds == 120
    )

    (problem,) = problems_of({"govapp.idle_seconds": "600"}, {"GOVAPP_IDLE_SECONDS": "1"})
    assert problem.startswith(
        "govapp.idle_seconds from the environment (GOVAPP_IDLE_SECONDS) is '1'"
    )


def test_an_empty_variable_does_not_bring_back_what_the_ini_says():
    with pytest.raises(SettingsError, match=r"govapp\.secrets is missing"):
        read(GOOD, {"GOVAPP_SECRETS": ""})


def test_unknown_keys_are_mistakes_and_other_prefixes_are_not_ours():
    (problem,) = problems_of({"govapp.idle_second": "60", "pyramid.includes": "x", "idle": "1"})

    assert problem == "govapp.idle_second is not a setting of govapp"


def test_all_mistakes_are_told_at_once():
    problems = problems_of(
        {
            "govapp.env": "test",
            "govapp.base_url": "nowhere",
            "govapp.secrets": "short",
            "govapp.fresh_seconds": "1",
            "govapp.colour": "blue",
            "govapp.idle_seconds": "90000",
            "govapp.absolute_seconds": "43200",
        }
    )

    assert len(problems) == 6
    assert str(SettingsError(problems)).count("\n- ") == 6


@pytest.mark.parametrize("who", ["", "staff_"])
def test_resting_longer_than_lasting_is_a_contradiction(who):
    values = {f"govapp.{who}idle_seconds": "3601", f"govapp.{who}absolute_seconds": "3600"}

    (problem,) = problems_of(values)

    assert (
        problem == f"govapp.{who}idle_seconds is 3601, more than govapp.{who}absolute_seconds 3600"
    )
    assert read(GOOD | values | {f"govapp.{who}idle_seconds": "3600"}, {})


def test_a_contradiction_with_a_default_is_found_too():
    (problem,) = problems_of({"govapp.absolute_seconds": "3600"})

    assert problem == "govapp.idle_seconds is 604800, more than govapp.absolute_seconds 3600"


@pytest.mark.parametrize("who", ["", "staff_"])
def test_activity_must_be_written_before_a_session_counts_as_idle(who):
    # Otherwise somebody who clicks every few seconds is signed out as idle.
    with pytest.raises(SettingsError, match=r"govapp\.touch_seconds"):
        read(GOOD | {f"govapp.{who}idle_seconds": "60", "govapp.touch_seconds": "3600"}, {})


def test_staff_limits_are_never_looser_than_everyones():
    settings = read(GOOD | {"govapp.idle_seconds": "1800", "govapp.absolute_seconds": "7200"}, {})

    assert settings.user_limits == Limits(1800, 7200)
    assert settings.staff_limits == Limits(1800, 7200)


@pytest.mark.parametrize(
    ("base_url", "host", "is_https"),
    [
        ("https://sessions.example.org/", "sessions.example.org", True),
        ("http://LOCALHOST:6543", "localhost", False),
        ("https://[2001:db8::1]:8443", "2001:db8::1", True),
    ],
)
def test_the_base_url_gives_host_and_scheme(base_url, host, is_https):
    settings = read(GOOD | {"govapp.base_url": base_url}, {})

    assert (settings.host, settings.is_https) == (host, is_https)
    assert not settings.base_url.endswith("/")
