"""The command speaks the language of its environment; what programs read of it is English always."""

import importlib.metadata
import json
import re
from pathlib import Path

import click
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from click.testing import CliRunner, Result

from appliance.commands import main
from appliance.commands._help import CLOSING, cells, wrapped
from appliance.texts import language_of, texts
from tests.commands.helps import sources
from webadmin.texts import SOURCES, compile_catalogues

ENGLISH = re.compile(r"[A-Za-z]{3,} [a-z]{3,} [a-z]{3,}")
"Three words in a row: a sentence that nobody translated."
CLICKS = {"_": None, "gettext": None, "ngettext": (1, 2)}


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    compile_catalogues()


def run(*arguments: str, language: str, **more: str) -> Result:
    """Run the command in a locale."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {"LC_ALL": language, "LANGUAGE": "", **more}.items():
            environment.setenv(name, value)
        return CliRunner().invoke(main.group(), arguments)


def help_of(*arguments: str, language: str) -> str:
    """Give what `--help` says, in a locale."""
    done = run(*arguments, "--help", language=language)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_SG"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": "POSIX"}, "en"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({"LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "xx_no.such-locale@at.all"}, "en"),
        ({"LC_ALL": "\udcff"}, "en"),
    ],
)
def test_the_language_is_the_environments(environment: dict[str, str], language: str) -> None:
    """The first of LC_ALL, LC_MESSAGES and LANG that is set; a locale that is broken or not ours is English."""
    assert language_of(environment) == language


def helps() -> list[tuple[str, ...]]:
    """Give every subcommand, and those of groups."""
    found: list[tuple[str, ...]] = [()]
    for name, command in sources():
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, one) for one in command.commands]
    return found


@pytest.mark.parametrize("arguments", helps(), ids=" ".join)
def test_all_help_is_in_one_language(arguments: tuple[str, ...]) -> None:
    """In Chinese no English sentence is left, click's own neither; the next call is English again."""
    chinese = help_of(*arguments, language="zh_CN.UTF-8")
    assert "选项:" in chinese
    assert "显示此信息并退出。" in chinese
    usage, _, below = chinese.partition("\n")
    assert usage.startswith("用法：")
    assert not ENGLISH.search(re.sub(r"`.*?`", "", below)), below
    assert "..." not in below, "nothing is cut off"
    english = help_of(*arguments, language="C.UTF-8")
    assert english.isascii() or "…" in english
    assert "Show this message and exit." in english


def test_errors_are_in_the_language_and_json_is_not(tmp_path: Path) -> None:
    """What a person reads is Chinese; the same line in the JSON is English."""
    where = {"language": "zh_CN.UTF-8", "SWITCHROOM_HOME": str(tmp_path)}
    done = run("status", "--json", **where)
    assert done.stderr == f"错误：{tmp_path} 中没有运行 Switchroom：请用 `switchroom run` 启动。\n"
    problem = f"No Switchroom runs in {tmp_path}: start it by `switchroom run`."
    assert json.loads(done.stdout)["problem"] == problem
    done = run("calls", "--since", "soon", **where)
    assert "'--since' 的值无效：'soon' 不是时刻" in done.stderr
    done = run("nonsense", **where)
    assert "没有命令 'nonsense'" in done.stderr


def test_lines_are_as_wide_as_a_terminal() -> None:
    """A Chinese letter takes two places; no line begins with what closes a sentence; no word is lost."""
    texts_of_help = [help_of("what-if", language=language) for language in ("C", "zh_CN.UTF-8")]
    assert max(cells(line) for line in texts_of_help[1].splitlines() if "[|" not in line) <= 80
    text = texts("zh")("Run the box in the foreground; Ctrl-C stops it.") * 5
    for width in range(8, 60):
        lines = list(wrapped(text, width))
        assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
        assert all(cells(line) <= max(width + 2, len("Ctrl-C")) for line in lines)
        assert not any(line[0] in CLOSING for line in lines)
    assert list(wrapped("one two three", 7)) == ["one two", "three"]
    assert list(wrapped("", 7)) == []


def test_clicks_catalogue_is_clicks() -> None:
    """It has each text of the click that is locked, and no other; places are those of one of the two forms."""
    folder = Path(click.__file__).parent
    found = [row[2] for row in extract_from_dir(folder, method_map=[("**.py", "python")], keywords=CLICKS)]
    used = {message if isinstance(message, str) else message[0]: message for message in found}
    with (SOURCES / "zh_Hans/LC_MESSAGES/click.po").open("rb") as stream:
        entries = [entry for entry in read_po(stream, locale="zh_Hans") if entry.id]
    known = {entry.id if isinstance(entry.id, str) else entry.id[0]: entry for entry in entries}
    assert set(known) == set(used), importlib.metadata.version("click")
    for entry in entries:
        ids = [entry.id] if isinstance(entry.id, str) else list(entry.id)
        said = entry.string if isinstance(entry.string, str) else (entry.string or ("",))[0]
        assert said
        assert set(re.findall(r"\{[^}]*\}", said)) in [set(re.findall(r"\{[^}]*\}", one)) for one in ids], ids
