"""Reads a configuration file as Asterisk does, to hold what we write against it (main/config.c)."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Read:
    """A section as Asterisk sees it."""

    title: str
    settings: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Give the last value of a setting, empty if there is none."""
        return dict(self.settings).get(name, "")


def _uncommented(line: str) -> str:
    """Cut a comment off; a semicolon after a backslash is none, and the backslash goes."""
    start = 0
    while (found := line.find(";", start)) >= 0:
        if found > 0 and line[found - 1] == "\\":
            line = line[: found - 1] + line[found:]
            start = found
            continue
        if line[found + 1 : found + 3] == "--" and line[found + 3 : found + 4] != "-":
            raise ValueError("a comment over many lines begins")
        return line[:found]
    return line


def read(text: str) -> list[Read]:
    """Give the sections in order; raises `ValueError` at a line that Asterisk does not take."""
    found: list[Read] = []
    for raw in text.split("\n"):
        line = _uncommented(raw).strip()
        if not line:
            continue
        if line.startswith("["):
            title, end, _ = line[1:].partition("]")
            if not end:
                raise ValueError("a section has no end")
            found.append(Read(title))
        elif line.startswith("#"):
            found.append(Read(line))
        else:
            name, equals, value = line.partition("=")
            if not equals or not found:
                raise ValueError(f"not a setting: {line!r}")
            found[-1].settings.append((name.strip(), value.removeprefix(">").strip()))
    return found
