"""A running box for all tests of the command line that need one."""

from collections.abc import Iterator

import pytest

from tests.boot.whole import WholeBox, whole_box


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeBox]:
    """Give a box that takes calls, with the sample company."""
    with whole_box(tmp_path_factory.mktemp("b")) as made:
        made.start()
        yield made
