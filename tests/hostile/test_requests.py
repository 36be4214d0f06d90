"""Every route, attacked by everybody: never a 5xx, never a change that was not asked for."""

import pytest
from hypothesis import given, note

from tests.hostile.asked import CHANGES
from tests.hostile.attacks import Attack, attacks
from tests.hostile.site import LOGINS
from tests.hostile.surface import FIELDS, KEYS, SENDERS, named
from tests.hostile.values import TEXTS, bounded, raw


@pytest.mark.standard("S-067")
@pytest.mark.standard("S-095")
@pytest.mark.standard("S-098")
@pytest.mark.parametrize("who", LOGINS)
def test_nobody_breaks_a_page_or_changes_what_they_did_not_ask_to(site, who):
    for route in site.routes:

        @bounded(12)
        @given(attack=attacks(route))
        def holds(attack):
            note(f"{who} on {attack.route.name}")
            site.attack(who, attack)

        holds()


@pytest.mark.standard("S-067")
@pytest.mark.standard("S-095")
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_one_bad_value_in_a_request_in_order_breaks_nothing(site, text):
    for route in site.routes:
        who = SENDERS.get(route.name, "administrator")
        form = [(raw(field), raw(good[0])) for field, good in FIELDS.get(route.name, {}).items()]
        for at, (field, _) in enumerate(form):
            fields = [*form[:at], (field, raw(text)), *form[at + 1 :]]
            site.attack(who, Attack(route, "POST", named(route), fields=fields))
        for key in KEYS.get(route.name, {}):
            reader = "anonymous" if route.name == "sign-in" else who
            query = [(raw(key), raw(text))]
            site.attack(reader, Attack(route, "GET", named(route), query=query))
        for method in route.methods if route.placeholders else ():
            path = named(route, raw(text))
            site.attack(who, Attack(route, method, path, fields=form))


@pytest.mark.standard("S-019")
def test_fields_count_only_in_the_body_of_a_form(site):
    for route in site.routes:
        if not FIELDS.get(route.name):
            continue
        who = SENDERS[route.name]
        form = [(raw(field), raw(good[0])) for field, good in FIELDS[route.name].items()]
        token = (b"csrf_token", site.tokens[who].encode())
        for method, query in (("POST", form), ("GET", [*form, token]), ("HEAD", [*form, token])):
            _, changed = site.attack(who, Attack(route, method, named(route), query=query))
            assert changed == set(), (route.name, method)


@pytest.mark.parametrize("name", CHANGES)
def test_a_form_in_order_gets_through_so_attacks_are_not_all_stopped_at_the_gate(site, name):
    (route,) = (route for route in site.routes if route.name == name)
    fields = [(raw(field), raw(good[0])) for field, good in FIELDS[name].items()]
    group = [(b"group", b"support")] if name == "admin.user.groups" else []

    attack = Attack(route, "POST", named(route), fields=[*fields, *group])

    answer, changed = site.attack(SENDERS[name], attack)

    assert answer.status == 303
    assert changed, "nothing was done"
