"""The front door opens quickly, names what it has, and its errors keep their codes."""

import subprocess
import sys

import pytest

import gatepass.jose
from gatepass import jose


def test_jwe_is_loaded_when_it_is_asked_for() -> None:
    code = (
        "import sys, gatepass.jose as jose\n"
        "late = ['gatepass.jose.jwe', 'gatepass.jose.pem', 'cryptography.x509', 'hashlib', 'asyncio']\n"
        "assert not [name for name in late if name in sys.modules], sys.modules.keys()\n"
        "jose.jwe.encrypt\n"
        "assert 'gatepass.jose.jwe' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_of_the_front_door_is_there() -> None:
    for name in jose.__all__:
        assert getattr(gatepass.jose, name) is not None
    assert gatepass.jose.__getattr__("jwe") is sys.modules["gatepass.jose.jwe"]
    with pytest.raises(AttributeError):
        gatepass.jose.__getattr__("jwx")
