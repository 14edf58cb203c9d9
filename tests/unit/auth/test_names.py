"""E-mail addresses: normalised, then validated, then compared; and people's names."""

from __future__ import annotations

import pytest

from gatepass.auth import InvalidInput
from gatepass.auth.users import clean_name, normalise_email

SAME = {
    "case": ("Ada@Example.ORG", "ada@example.org"),
    "space around": (" ada@example.org\n", "ada@example.org"),
    "full-width letters": ("ＡＤＡ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@example.org"),
    "a ligature": ("\ufb01n@example.org", "fin@example.org"),
    "Kelvin sign": ("\u212aate@example.org", "kate@example.org"),
    "long s": ("mi\u017fs@example.org", "miss@example.org"),
    "sharp s": ("straße@example.org", "strasse@example.org"),
    "composed and not": ("zoe\u0308@example.org", "zoë@example.org"),
    "a letter that folding takes apart": ("\u01f0@example.org", "\u01f0@example.org"),
    "the same, apart from the start": ("j\u030c@example.org", "\u01f0@example.org"),
    "dotted capital I": ("\u0130@example.org", "i\u0307@example.org"),
    "a domain in its own script": ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    "the same domain as A-labels": ("ada@XN--Bcher-KVA.example", "ada@xn--bcher-kva.example"),
    "an ideographic full stop": ("ada@example。org", "ada@example.org"),
    "plus and dots are letters": ("a.d.a+x@example.org", "a.d.a+x@example.org"),
    "no dot in the domain": ("ada@localhost", "ada@localhost"),
    "marks that have no composed letter": ("हिन्दी@example.org", "हिन्दी@example.org"),
    "the longest local part": ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
}

NOT_AN_ADDRESS = {
    "nothing": "",
    "no at": "ada.example.org",
    "nothing before the at": "@example.org",
    "nothing after it": "ada@",
    "two ats": "ada@home@example.org",
    "an at that normalisation makes": "ada﹫home@example.org",
    "a space inside": "a da@example.org",
    "a dot in front": ".ada@example.org",
    "a dot behind": "ada.@example.org",
    "two dots": "a..da@example.org",
    "a local part too long": "a" * 65 + "@example.org",
    "a domain too long": "a@" + "a." * 130 + "org",
    "a label too long": "a@" + "b" * 64 + ".org",
    "a hyphen in front of a label": "a@-example.org",
    "an empty label": "a@example..org",
    "a dot at the end": "a@example.org.",
    "an underscore in the domain": "a@exa_mple.org",
    "an address literal": "a@[192.0.2.1]",
    "a quoted local part": '"a b"@example.org',
    "a comment": "a(b)@example.org",
    "a header injected": "ada@example.org\r\nBcc: eve@example.org",
    "a zero": "ada\x00@example.org",
    "a zero-width space": "ada\u200b@example.org",
    "a joiner": "a\u200dda@example.org",
    "a variation selector": "ada\ufe0f@example.org",
    "a filler that shows nothing": "ada\u3164@example.org",
    "right to left": "\u202eada@example.org",
    "a surrogate": "ada\ud800@example.org",
    "a surrogate in the domain": "ada@exam\udfffple.org",
    "a megabyte": "a" * 1_000_000,
    "a label that grows when normalised": "a@" + "\ufdfa" * 80,
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME.keys())
def test_one_mailbox_has_one_spelling(case: tuple[str, str]) -> None:
    typed, kept = case
    assert normalise_email(typed) == kept
    assert normalise_email(kept) == kept


@pytest.mark.parametrize("typed", NOT_AN_ADDRESS.values(), ids=NOT_AN_ADDRESS.keys())
def test_what_is_no_address_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalise_email(typed)
    assert refused.value.field == "email"
    assert len(typed) < 2 or typed not in str(refused.value)


PEOPLE = {
    "as it is": ("Ada", "Ada"),
    "spaces": ("  Ada   King ", "Ada King"),
    "composed": ("Zoe\u0308", "Zoë"),
    "apostrophe and hyphen": ("O'Neil-Smith", "O'Neil-Smith"),
    "not Latin": ("李", "李"),
    "joiner": ("علی\u200cرضا", "علی\u200cرضا"),
}
NOBODY = {
    "nothing": "",
    "digits alone": "123",
    "control": "Ada\x1b[2J",
    "zero-width": "Ada\u200b",
    "bidi": "Ada\u2066",
    "surrogate": "Ada\ud800",
    "private use": "Ada\ue000",
    "markup": "Ada<script>",
    "a book": "Ada " * 100_000,
}


@pytest.mark.parametrize("case", PEOPLE.values(), ids=PEOPLE.keys())
def test_names_are_kept_as_people_write_them(case: tuple[str, str]) -> None:
    assert clean_name(case[0], field="first_name") == case[1]


@pytest.mark.parametrize("typed", NOBODY.values(), ids=NOBODY.keys())
def test_what_hides_or_moves_text_is_no_name(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_name(typed, field="last_name")
    assert refused.value.field == "last_name"
