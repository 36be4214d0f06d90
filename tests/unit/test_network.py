"""Who the client is behind proxies, when anybody may send any header; and how much is shown."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp import network
from govapp.network import client_address, coarse, masked, parse_address, parse_network, shown

PROXY, SECOND_PROXY, CLIENT, FORGED = "10.0.0.1", "10.0.0.2", "203.0.113.7", "6.6.6.6"
TRUSTED = [parse_network("10.0.0.0/24"), parse_network("2001:db8:ffff::/48")]


@pytest.mark.standard("S-133")
@pytest.mark.parametrize(
    ("peer", "forwarded_for", "found"),
    [
        # Nobody else may say who the client is.
        (CLIENT, None, CLIENT),
        (CLIENT, FORGED, CLIENT),
        (CLIENT, f"{FORGED}, {PROXY}", CLIENT),
        # A trusted proxy may; what stood there before it is not true because of that.
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{FORGED}, {CLIENT}", CLIENT),
        (PROXY, f"{FORGED},{FORGED},{CLIENT}", CLIENT),
        (PROXY, f"{PROXY}, {CLIENT}", CLIENT),
        # Several trusted proxies in a row.
        (PROXY, f"{CLIENT}, {SECOND_PROXY}", CLIENT),
        (PROXY, f"{FORGED}, {CLIENT}, {SECOND_PROXY}", CLIENT),
        (PROXY, f"{FORGED}, {SECOND_PROXY}, {CLIENT}", CLIENT),
        (PROXY, SECOND_PROXY, SECOND_PROXY),
        # What is no address ends the chain at the last proxy that we know.
        (PROXY, "garbage", PROXY),
        (PROXY, f"{CLIENT}, garbage", PROXY),
        (PROXY, f"garbage, {CLIENT}", CLIENT),
        (PROXY, f"{CLIENT}:4711", PROXY),
        (PROXY, ",", PROXY),
        (PROXY, f"{CLIENT},", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "203.0.113.7\x00", PROXY),
        (PROXY, "203.000.113.007", PROXY),
        # IPv6, also as the other notation of an IPv4 address.
        ("2001:db8:ffff::1", "2001:db8:1::7", "2001:db8:1::7"),
        ("2001:db8:fffe::1", FORGED, "2001:db8:fffe::1"),
        ("::ffff:10.0.0.1", CLIENT, CLIENT),
        ("::ffff:203.0.113.7", FORGED, CLIENT),
        (PROXY, "::ffff:203.0.113.7", CLIENT),
        (PROXY, "2001:db8:1::7, ::ffff:10.0.0.2", "2001:db8:1::7"),
        (PROXY, "fe80::1%eth0", PROXY),
        # No peer that is an address: a Unix socket, or nothing at all.
        (None, FORGED, None),
        ("", FORGED, None),
        ("localhost", FORGED, None),
    ],
)
def test_the_client_is_the_nearest_hop_that_is_no_trusted_proxy(peer, forwarded_for, found):
    address = client_address(peer, forwarded_for, TRUSTED)

    assert address == (ipaddress.ip_address(found) if found else None)


@pytest.mark.standard("S-133")
@given(st.text(max_size=60))
def test_without_trusted_proxies_no_header_is_believed(forwarded_for):
    assert str(client_address(CLIENT, forwarded_for, [])) == CLIENT


@given(st.text(alphabet="0123456789abcdef:., %", max_size=60))
def test_no_header_is_an_error(forwarded_for):
    assert client_address(PROXY, forwarded_for, TRUSTED) is not None


@pytest.mark.standard("S-133")
@given(st.lists(st.ip_addresses().map(str), max_size=4))
def test_nothing_that_a_client_sends_changes_what_our_proxy_saw(forged):
    sent = ", ".join([*forged, CLIENT])

    assert str(client_address(PROXY, sent, TRUSTED)) == CLIENT


@pytest.mark.parametrize("text", [None, "", "x", "256.1.1.1", "1.2.3", "::g", "1.2.3.4/32", "🦦"])
def test_what_is_no_address_is_none(text):
    assert parse_address(text) is None


def test_a_network_with_host_bits_and_a_single_address_are_networks():
    assert str(parse_network(" 192.0.2.7/24 ")) == "192.0.2.0/24"
    assert str(parse_network("2001:db8::1")) == "2001:db8::1/128"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_an_ipv4_network_in_the_other_notation_is_one(text, network):
    assert str(parse_network(text)) == network


@pytest.mark.parametrize("text", ["fe80::1%eth0", "", "10.0.0.0/33", "10.0.0.0/-1", "localhost"])
def test_other_text_is_no_network(text):
    with pytest.raises(ValueError, match="is not an address or a network"):
        parse_network(text)


def test_what_is_no_network_is_refused_in_a_plain_sentence_of_bounded_length():
    with pytest.raises(ValueError, match=r"is not an address or a network") as caught:
        parse_network("x" * 5000)

    assert len(str(caught.value)) < 150


@pytest.mark.standard("S-127")
@pytest.mark.parametrize(
    ("address", "kept", "without_pii_view"),
    [
        ("203.0.113.7", "203.0.113.0", "203.0.113.x"),
        ("203.0.113.0", "203.0.113.0", "203.0.113.x"),
        ("10.0.0.255", "10.0.0.0", "10.0.0.x"),
        ("0.0.0.0", "0.0.0.0", "0.0.0.x"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::", "2001:db8:1::x"),
        ("2001:db8::1", "2001:db8::", "2001:db8::x"),
        ("::1", "::", "::x"),
    ],
)
def test_addresses_are_shown_without_their_host_part(address, kept, without_pii_view):
    parsed = ipaddress.ip_address(address)

    assert str(coarse(parsed)) == kept
    assert masked(parsed) == shown(parsed, full=False) == without_pii_view
    assert shown(parsed, full=True) == address


def test_a_missing_address_is_unknown():
    assert masked(None) == shown(None, full=True) == shown(None, full=False) == "unknown"


@pytest.mark.standard("S-127")
@given(st.ip_addresses())
def test_masking_says_nothing_that_the_coarse_address_does_not(address):
    assert masked(address) == masked(coarse(address))
    assert address in ipaddress.ip_network(
        (coarse(address), network.COARSE_PREFIX[address.version])
    )
