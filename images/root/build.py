"""Makes the root file system as one archive: the same inputs give the same bytes."""

import io
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from images import stock
from images.root import recipe
from images.workshop import Workshop, mmdebstrap

PROJECT = Path(__file__).parents[2]
TREE = Path(__file__).parent / "tree"
TOP = "opt/switchroom"
BUNDLE = "usr/lib/switchroom/cache/asterisk/current"
"Where the product looks for Asterisk: on the box it is the system's own."

LAUNCHER = """\
#!/opt/switchroom/.venv/bin/python
import sys

from appliance.commands.main import main

sys.exit(main())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Which state of the project an image is made of."""

    version: str
    epoch: int
    "The time of its last change, in seconds of POSIX: everything in the image is dated with it."


def git(*arguments: str) -> str:
    """Ask git about the project; raises `CalledProcessError`."""
    argv = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


def release() -> Release:
    """Describe the state of the project, changed files included."""
    settings = (PROJECT / "pyproject.toml").read_text()
    version = next(line.split('"')[1] for line in settings.splitlines() if line.startswith("version = "))
    commit = git("rev-parse", "--short=8", "HEAD").strip()
    changed = "+changed" if git("status", "--porcelain", "--", *recipe.PROGRAM).strip() else ""
    return Release(version=f"{version}-{commit}{changed}", epoch=int(git("log", "-1", "--format=%ct")))


def product_files() -> list[tuple[str, Path]]:
    """List the files of the product: where each goes in the root, and where it is."""
    tracked = [PROJECT / name for name in git("ls-files", "-z", "--", *recipe.PROGRAM).split("\0") if name]
    built = [path for folder in recipe.BUILT for path in (PROJECT / folder).rglob("*")]
    files = [path for path in (*tracked, *built) if path.is_file()]
    return sorted((f"{TOP}/{path.relative_to(PROJECT)}", path) for path in files)


def tree_files() -> list[tuple[str, Path]]:
    """List the files that are put into the root as they are."""
    return sorted((str(path.relative_to(TREE)), path) for path in TREE.rglob("*") if path.is_file())


def _entry(name: str, epoch: int, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mtime, entry.mode = epoch, mode
    return entry


def archive(
    target: Path,
    files: Iterable[tuple[str, Path]],
    texts: Mapping[str, str],
    *,
    epoch: int,
    links: Mapping[str, str] | None = None,
) -> None:
    """Write an archive of files, texts and links that belong to root, each folder before what is in it.

    A file may be executed if its owner may here; a text if it begins with `#!`.
    """
    content = {name: (path.read_bytes(), bool(path.stat().st_mode & 0o100)) for name, path in files}
    content |= {name: (text.encode(), text.startswith("#!")) for name, text in texts.items()}
    folders: set[str] = set()
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted([*content, *(links or {})]):
            for parent in reversed(Path(name).parents[:-1]):
                if str(parent) not in folders:
                    folders.add(str(parent))
                    folder = _entry(str(parent), epoch, 0o755)
                    folder.type = tarfile.DIRTYPE
                    tar.addfile(folder)
            if links and name in links:
                entry = _entry(name, epoch, 0o777)
                entry.type, entry.linkname = tarfile.SYMTYPE, links[name]
                tar.addfile(entry)
            else:
                data, executed = content[name]
                entry = _entry(name, epoch, 0o755 if executed else 0o644)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))


def libraries(workshop: Workshop, say: stock.Say) -> Path:
    """Give the archive of the venv with the locked libraries; raises `WorkshopError`."""
    lock = PROJECT / "requirements.lock"
    made_from = stock.digest([lock, recipe.LIBRARIES, workshop.kernel])

    def make(folder: Path) -> None:
        cache = stock.shelf() / "pip"
        cache.mkdir(exist_ok=True)
        shared = {"in": PROJECT, "out": folder, "cache": cache}
        workshop.work("The Python libraries", recipe.LIBRARIES, shared=shared, large=folder.with_name("venv-layer"))

    return stock.kept("libraries", made_from, make, say) / "libraries.tar"


def finish(*, debs: Iterable[Path], venv: Path, product: Path, kernel: str) -> str:
    """Write the script that mmdebstrap runs last."""
    values = {
        "DEBS": " ".join(map(str, debs)), "LIBRARIES": str(venv), "PRODUCT": str(product), "KERNEL": kernel,
        "ENABLED": " ".join(recipe.ENABLED), "MASKED": " ".join(recipe.MASKED),
        "FORBIDDEN": " ".join(recipe.FORBIDDEN),
    }  # fmt: skip
    script = recipe.FINISH
    for name, value in values.items():
        script = script.replace(f"@{name}@", value)
    return script


def build(
    target: Path, *, workshop: Workshop, debs: Iterable[Path], certificate: Path, of: Release, say: stock.Say
) -> None:
    """Write the root file system as an archive; raises `AptError` or `WorkshopError`."""
    venv = libraries(workshop, say)
    work = target.parent
    tree, product, script = work / "tree.tar", work / "product.tar", work / "finish"
    site = f"{TOP}/.venv/lib/python3.13/site-packages/switchroom.pth"
    archive(tree, tree_files(), {}, epoch=of.epoch)
    texts = {
        site: f"/{TOP}\n",
        f"{TOP}/.venv/bin/switchroom": LAUNCHER,
        "etc/rauc/keyring.pem": certificate.read_text(),
        "etc/switchroom-release": f"{of.version}\n",
    }
    archive(product, product_files(), texts, epoch=of.epoch, links={BUNDLE: "/"})
    script.write_text(finish(debs=debs, venv=venv, product=product, kernel=workshop.kernel))
    script.chmod(0o755)
    mmdebstrap(
        target, (*recipe.PACKAGES, f"linux-image-{workshop.kernel}"),
        f"--essential-hook=tar-in {tree} /", f"--customize-hook={script}", epoch=of.epoch,
    )  # fmt: skip
    for path in (tree, product, script):
        path.unlink()
