"""The sample company's passwords are random, private, and gone with what they open."""

from pathlib import Path

import pytest

from appliance import sign_ins
from appliance.sign_ins import SignIns


def test_what_is_written_is_read_back_by_its_user_alone(tmp_path: Path) -> None:
    """0600 from its first byte on, readable by a person."""
    path = tmp_path / "sign-ins"
    written = SignIns(complete=True, people={"admin": "abc"}, extensions={"301": "def"})
    sign_ins.write(path, written)
    assert sign_ins.read(path) == written
    assert path.stat().st_mode & 0o777 == 0o600
    assert 'admin = "abc"' in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_passwords_are_random_and_long() -> None:
    """80 bits, no letter that looks like another."""
    made = {sign_ins.make_password() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(word) == 16 and set(word) <= set(sign_ins.LETTERS) for word in made)
    assert len(set(sign_ins.LETTERS)) == 32
    assert not set(sign_ins.LETTERS) & set("lo01")


def test_passwords_go_with_what_they_open(tmp_path: Path) -> None:
    """One after the other, and the file with the last."""
    path = tmp_path / "sign-ins"
    sign_ins.write(path, SignIns(complete=True, people={"admin": "a", "li-wei": "b"}, extensions={"301": "c"}))
    assert sign_ins.keep(path, people={"admin", "li-wei", "new"}, extensions={"301"})
    assert sign_ins.keep(path, people={"li-wei", "new"}, extensions={"301"})
    assert sign_ins.read(path) == SignIns(complete=True, people={"li-wei": "b"}, extensions={"301": "c"})
    assert not sign_ins.keep(path, people={"new"}, extensions={"400"})
    assert not path.exists()
    assert not sign_ins.keep(path, people=set(), extensions=set())


def test_nothing_goes_while_the_company_is_being_made(tmp_path: Path) -> None:
    """What a first start that was cut off has written is what the next one goes on with."""
    path = tmp_path / "sign-ins"
    sign_ins.write(path, SignIns(complete=False, people={"admin": "a"}))
    assert sign_ins.keep(path, people=set(), extensions=set())
    assert sign_ins.read(path) == SignIns(complete=False, people={"admin": "a"})


@pytest.mark.parametrize("text", ["", "people = 3", "\x00", "people = {admin = 1}"])
def test_a_file_that_cannot_be_read_opens_nothing(tmp_path: Path, text: str) -> None:
    """It counts as no passwords at all."""
    path = tmp_path / "sign-ins"
    path.write_text(text)
    found = sign_ins.read(path)
    assert found is None or found == SignIns()
