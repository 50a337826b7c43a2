"""The cache of bundles: which one is in use, and how a new one takes its place.

    $SWITCHROOM_CACHE/asterisk/current      a link to the bundle in use
    .../<version>-<machine>-<recipe>/       a bundle that passed its trial, with PACKAGES (SHA-256 and file name)
    .../apt/                                apt's private state and its downloads

A bundle becomes current only after its trial, by the rename of a link. Whoever runs the one before goes on undisturbed:
it is removed when the next but one comes.
"""

import contextlib
import fcntl
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from drivers.asterisk.bundle import Bundle, BundleMissingError, cache_folder, open_bundle
from images.asterisk import recipe
from images.asterisk.apt import Apt, AptError, Package
from images.asterisk.trial import TrialError, check_version, try_bundle
from images.asterisk.unpack import make_bundle


class BundleError(Exception):
    """There is no bundle and none can be made; the message is one line that says what to do."""


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second recipe out of the folder for as long as the context lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def bundle_in_use(folder: Path) -> Bundle | None:
    """Return the current bundle if it is whole and answers with a version that we take."""
    try:
        bundle = open_bundle(folder / "current")
        check_version(bundle)
    except (BundleMissingError, TrialError):
        return None
    return bundle


def is_of_this_recipe(bundle: Bundle) -> bool:
    """Tell whether the recipe that made a bundle is this one."""
    return bundle.path.name.endswith(f"-{recipe.digest()}")


def package_list(packages: Iterable[Package]) -> str:
    """List the SHA-256 and the file name of each package, as `sha256sum` does."""
    return "".join(f"{package.sha256}  {package.path.name}\n" for package in packages)


def make(folder: Path, say: Callable[[str], None]) -> Bundle:
    """Fetch, lay out, try and install a bundle; the current one is returned if nothing in it has changed.

    Raises `AptError`, `TrialError` or `BundleMissingError`.
    """
    apt = Apt(folder / "apt", suite=recipe.SUITE)
    mirror = apt.update()
    say(f"Fetching Asterisk and its libraries from {recipe.SUITE} (about 110 MB) ...")
    packages = apt.download(recipe.PACKAGES)
    listing = package_list(packages)
    cached = bundle_in_use(folder)
    if cached and is_of_this_recipe(cached) and (cached.path / "PACKAGES").read_text() == listing:
        return cached
    say(f"Unpacking {len(packages)} packages of {mirror} ...")
    new = folder / "new"
    try:
        bundle = make_bundle(packages, new)
        (new / "PACKAGES").write_text(listing)
        say("Trying it: version, modules, a call with digits ...")
        version = try_bundle(bundle)
        target = folder / f"{version}-{platform.machine()}-{recipe.digest()}"
        _install(folder, new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return open_bundle(target)


def _install(folder: Path, new: Path, target: Path) -> None:
    """Make a tried bundle the current one, keeping the one before it."""
    before = (folder / "current").resolve()
    if target.exists():
        # The same version with newer libraries: whoever runs it keeps its open files.
        shutil.rmtree(target)
    new.rename(target)
    link = folder / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.rename(folder / "current")
    for path in folder.iterdir():
        if (path / "PACKAGES").is_file() and not path.is_symlink() and path not in (target, before):
            shutil.rmtree(path)


def ensure(say: Callable[[str], None], *, newer: bool = False) -> Bundle:
    """Return a verified bundle: the cached one, or a new one where there is none or a newer one is wanted.

    If no new one can be had the cached one stays in use, and `say` is told so. Raises `BundleError` where there is no
    other.
    """
    folder = cache_folder() / "asterisk"
    with alone(folder):
        cached = bundle_in_use(folder)
        if cached and is_of_this_recipe(cached) and not newer:
            return cached
        try:
            bundle = make(folder, say)
        except (AptError, TrialError, BundleMissingError, OSError) as error:
            if cached is None:
                raise BundleError(
                    f"No Asterisk: {error}. Check the network and /etc/apt/sources.list, then run it again."
                ) from error
            say(f"A new Asterisk failed ({error}); the one in the cache stays in use: {cached.path.name}")
            return cached
    say(f"Asterisk is ready: {bundle.path.name}")
    return bundle
