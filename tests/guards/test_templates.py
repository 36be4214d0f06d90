"""Templates: strict, escaped, without inline script or style, and every form with its token."""

import re

import jinja2
import pytest
from pyramid_jinja2 import IJinja2Environment

import govapp
from tests.guards.source import PACKAGE, TEMPLATES
from tests.support.settings import settings_for

NAMES = [str(path.relative_to(PACKAGE)) for path in TEMPLATES]
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
each_template = pytest.mark.parametrize("name", NAMES)


def text_of(name):
    """Return the template without its comments."""
    return COMMENT.sub("", (PACKAGE / name).read_text("utf-8"))


def elements(name, tag):
    """Return every element of this name, from its start tag to its end tag."""
    return re.findall(rf"<{tag}\b.*?</{tag}>", text_of(name), re.DOTALL)


@pytest.fixture(scope="module")
def environment():
    config = govapp.configure(settings_for())
    config.commit()
    return config.registry.queryUtility(IJinja2Environment, name=".jinja2")


def test_there_are_templates():
    assert len(NAMES) > 10


def test_what_is_not_there_is_an_error_and_not_an_empty_text(environment):
    assert issubclass(environment.undefined, jinja2.StrictUndefined)


@pytest.mark.standard("S-103")
def test_text_is_escaped_unless_told_otherwise(environment):
    assert environment.autoescape is True
    assert environment.from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"


@each_template
def test_every_template_compiles(environment, name):
    assert environment.get_template(f"govapp:{name}")


@pytest.mark.standard("S-103")
@each_template
def test_nothing_switches_escaping_off(name):
    assert not re.search(r"\|\s*safe\b|autoescape|Markup|\{%-?\s*raw", text_of(name))


@pytest.mark.standard("S-098")
@each_template
def test_nothing_is_inline_that_the_content_security_policy_refuses(name):
    text = text_of(name)

    assert not re.search(r"<style\b|\sstyle\s*=", text)
    assert not re.search(r"[\s\"']on[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"javascript:|srcdoc|<base\b|<iframe\b|<object\b|<embed\b", text)
    for script in elements(name, "script"):
        assert re.fullmatch(r"<script src=\"\{\{ static\('[^']+'\) \}\}\" defer></script>", script)


@pytest.mark.standard("S-131")
@each_template
def test_nothing_comes_from_elsewhere(name):
    assert not re.search(r"(?:src|href|action|url)\s*[=(]\s*[\"']?(?:https?:)?//", text_of(name))


@pytest.mark.standard("S-070")
@each_template
def test_every_form_that_changes_something_carries_the_token(name):
    for form in elements(name, "form"):
        start = form.partition(">")[0]
        if 'method="post"' in start:
            assert "{{ csrf_field() }}" in form, start
        else:
            # A GET would put the token into the URL.
            assert 'method="get"' in start or "method=" not in start, start
            assert "csrf" not in form, start


@pytest.mark.standard("S-144")
@each_template
def test_every_table_has_a_caption_and_every_heading_a_scope(name):
    for table in elements(name, "table"):
        assert "<caption" in table, table[:80]
        headings = re.findall(r"<th\b[^>]*>", table)
        assert headings
        assert not [heading for heading in headings if "scope=" not in heading]


@each_template
def test_every_picture_and_every_button_has_words(name):
    for image in re.findall(r"<img\b[^>]*>", text_of(name)):
        assert "alt=" in image
    for button in elements(name, "button"):
        words = re.sub(r"<[^>]*>", "", button)
        assert words.strip()


@each_template
def test_templates_show_values_and_decide_nothing(name):
    """They neither query nor reach into the request, beyond asking for a permission."""
    used = set(re.findall(r"\brequest\.(\w+)", text_of(name)))

    assert used <= {"has_permission"}


@pytest.mark.standard("S-144")
def test_the_skeleton_has_language_landmarks_skip_link_and_one_heading():
    text = text_of("ui/templates/bare.jinja2")

    for part in ('<html lang="en">', '<a class="skip" href="#main">', '<main id="main"', "<title>"):
        assert text.count(part) == 1
    assert sum(text_of(name).count("<h1") for name in NAMES) == 1


def test_scripts_and_styles_fetch_nothing():
    for path in (PACKAGE / "ui" / "static").iterdir():
        text = path.read_text("utf-8")
        assert not re.search(r"@import|url\(|eval\(|innerHTML|document\.write|fetch\(", text), path
