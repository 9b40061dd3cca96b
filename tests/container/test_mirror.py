"""The mirror that images are built from: this machine's own."""

from __future__ import annotations

import pytest

from tvcore.container.mirror import mirrors

DEB822 = """\
# Debian
Types: deb deb-src
URIs: https://mirror.example/debian/
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: http://security.debian.org/debian-security
Suites: trixie-security
Components: main
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (DEB822, ["https://mirror.example/debian"]),
        ("deb http://deb.debian.org/debian bookworm main contrib", ["http://deb.debian.org/debian"]),
        ("deb [signed-by=/k.gpg arch=amd64] http://m.example/debian/ sid main", ["http://m.example/debian"]),
        ("deb-src http://deb.debian.org/debian bookworm main", []),
        ("# deb http://deb.debian.org/debian bookworm main", []),
        ("deb https://packages.example/apt tool main\ndeb cdrom:[Debian]/ bookworm main", []),
        ("deb http://security.debian.org/debian-security bookworm-security main", []),
        (DEB822.replace("Types: deb deb-src", "Enabled: no\nTypes: deb"), []),
        ("Types: deb\nURIs:\n http://one.example/debian\n http://two.example/debian\nSuites: sid\nComponents: main", [
            "http://one.example/debian",
            "http://two.example/debian",
        ]),
        ("", []),
    ],
)  # fmt: skip
def test_the_mirror_is_the_one_that_the_machine_installs_debian_from(source: str, expected: list[str]) -> None:
    assert list(mirrors([source])) == expected
