"""Where the code asks a tool to look away: how often, and whether each place says why.

`python -m tests.architecture.exceptions` prints the counts and fails where a reason is missing. `make check` runs it.
"""

import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("appliance", "drivers", "boot", "webadmin", "images", "tests", "stubs")

MARKS = {
    "type: ignore": re.compile(r"#\s*type:\s*ignore\[[\w, -]+\](?P<reason>.*)"),
    "noqa": re.compile(r"#\s*noqa:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*(?P<reason>.*)"),
    "no cover": re.compile(r"#\s*pragma:\s*no cover(?P<reason>.*)"),
}
"What a comment may hold; the reason stands behind it."

NAMES = ("Any", "cast")
"What an expression may hold; the reason stands on the line, the line above, or where the name is imported."

REASON = re.compile(r"\W*\w.{5,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place at which a tool is asked to look away."""

    kind: str
    path: Path
    line: int
    explained: bool


def exceptions_in(path: Path, text: str) -> Iterator[Place]:
    """Find the places in one source file; imports of `Any` and `cast` do not count, their uses do."""
    lines = text.splitlines()
    commented: set[int] = set()
    uses: list[tuple[str, int]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row = token.start[0]
        if token.type == tokenize.COMMENT:
            commented.add(row)
            for kind, mark in MARKS.items():
                if found := mark.search(token.string):
                    reason = bool(REASON.match(found["reason"]))
                    yield Place(kind=kind, path=path, line=row, explained=reason)
        elif token.type == tokenize.NAME and token.string in NAMES and not _is_import(lines[row - 1]):
            uses.append((token.string, row))
    at_import = any(_is_import(lines[row - 1]) and re.search(r"\b(Any|cast)\b.*#", lines[row - 1]) for row in commented)
    at_head = path.suffix == ".pyi" and 1 in commented
    for kind, row in uses:
        explained = at_import or at_head or bool({row, row - 1} & commented)
        yield Place(kind=kind, path=path, line=row, explained=explained)


def _is_import(line: str) -> bool:
    return bool(re.match(r"\s*(from\s+\S+\s+)?import\b", line))


def exceptions() -> list[Place]:
    """Find the places in the whole project. A stub may give its reason once, in its first line."""
    found: list[Place] = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py*")):
            if path.suffix in {".py", ".pyi"} and path != Path(__file__):
                found.extend(exceptions_in(path.relative_to(ROOT), path.read_text(encoding="utf-8")))
    return found


def main() -> int:
    """Print the counts and the places without a reason; return 1 if there is such a place."""
    found = exceptions()
    counts = Counter(place.kind for place in found)
    sys.stdout.write(", ".join(f"{kind} {counts[kind]}" for kind in (*NAMES, *MARKS)) + "\n")
    unexplained = [place for place in found if not place.explained]
    for place in unexplained:
        sys.stdout.write(f"{place.path}:{place.line}: {place.kind} without a reason on the line\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
