import subprocess
import sys

import pytest

from polydex.connectors.phones import canonical, with_canonical_forms
from polydex.core.contact import Contact, Phone


@pytest.mark.parametrize(
    ("number", "region", "form"),
    [
        ("+41 44 668 18 00", None, "+41446681800"),
        ("+41 (0)44 668 18 00", None, "+41446681800"),
        ("\uff0b41 44 668 18 00", None, "+41446681800"),
        ("tel:+41-44-668-18-00", None, "+41446681800"),
        ("+1 (650) 253-0000 ext. 12", None, "+16502530000"),
        ("044 668 18 00", "CH", "+41446681800"),
        ("0041 44 668 18 00", "CH", "+41446681800"),
        ("044 668 18 00", None, None),
        ("0041 44 668 18 00", None, None),
        ("12", "CH", None),
        ("+999 1234", None, None),
        ("reception", "CH", None),
        ("044 668 18 00", "XX", None),
    ],
)
def test_e164_only_where_the_number_can_be_understood(number: str, region: str | None, form: str | None) -> None:
    assert canonical(number, region) == form


def test_every_number_of_a_contact() -> None:
    contact = Contact(phone_numbers=(Phone(number="044 668 18 00"), Phone(number="x", canonical_form="+1")), notes="n")
    assert with_canonical_forms(contact, "ch") == Contact(
        phone_numbers=(Phone(number="044 668 18 00", canonical_form="+41446681800"), Phone(number="x")), notes="n"
    )
    assert with_canonical_forms(Contact(notes="n"), "ch") == Contact(notes="n")


def test_the_tables_are_loaded_only_when_they_are_needed() -> None:
    code = (
        "import sys; from polydex.connectors import phones, photos; import polydex.connectors.carddav.provider;"
        "phones.canonical('044 668 18 00'); photos.mime_type(b'');"
        "print(sorted({'phonenumbers', 'PIL', 'dns', 'publicsuffixlist'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
