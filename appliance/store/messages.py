"""Text messages as the daemon reads and writes them: through the writer of the people's storage."""

from concurrent.futures import Future

from appliance.sms import Arrived, Job, State, Told
from appliance.store import sms
from appliance.store.schema import PeopleTables, tables
from appliance.store.sms_record import Part, Record
from appliance.store.writer import Writer


class Messages:
    """Reads and writes texts through the writer of the people's storage; every answer is a future."""

    def __init__(self, writer: Writer) -> None:
        """Use a writer of the people's storage."""
        self._writer = writer

    def accept(self, line: str, number: str, text: str, parts: int, *, by: str, token: str, now_us: int) -> Future[int]:
        """Take a text that is to be sent; gives its number, the same for the same token, and 0 if too many wait."""
        return self._writer.submit(
            lambda root: sms.accept(
                tables(root, PeopleTables),
                Record(
                    line=line,
                    party=number,
                    at=now_us,
                    outgoing=True,
                    by=by,
                    text=text,
                    parts=(Part(state=State.WAITING),) * parts,
                ),
                token,
            ),
            "text",
        )

    def begin(self, line: str, now_us: int) -> Future[None]:
        """Put in doubt what was handed over and never settled, and expect no reports of long ago."""
        return self._writer.submit(lambda root: sms.begin(tables(root, PeopleTables), line, now_us), "texts")

    def keep(self, line: str, arrived: Arrived, now_us: int) -> Future[bool]:
        """Keep a text or a part that came in; False if it was kept before."""
        return self._writer.submit(
            lambda root: sms.keep(tables(root, PeopleTables), line, arrived, now_us), "text came"
        )

    def told(self, line: str, told: Told) -> Future[bool]:
        """Take a report; False if no part expected it."""
        return self._writer.submit(lambda root: sms.told(tables(root, PeopleTables), line, told), "text reported")

    def next(self, line: str) -> Future[Job | None]:
        """Give the part that is to be sent next."""
        return self._writer.submit(lambda root: sms.following(tables(root, PeopleTables), line))

    def settle(
        self, line: str, job: Job, state: State, *, reference: int = -1, why: str = "", now_us: int
    ) -> Future[None]:
        """Note where a part stands."""
        part = Part(state=state, reference=reference, at=now_us, why=why)
        return self._writer.submit(lambda root: sms.settle(tables(root, PeopleTables), line, job, part), "text sent")

    def late(self, line: str, reference: int, now_us: int) -> Future[None]:
        """Note that the part that came in doubt last was sent after all."""
        return self._writer.submit(
            lambda root: sms.late(tables(root, PeopleTables), line, reference, now_us), "text late"
        )

    def may_try_pin(self, line: str, fingerprint: str) -> Future[bool]:
        """Tell whether this PIN was not tried in vain before, and note that it is tried now."""
        return self._writer.submit(lambda root: sms.may_try_pin(tables(root, PeopleTables), line, fingerprint), "pin")

    def pin_was_right(self, line: str) -> Future[None]:
        """Forget that a PIN was tried."""

        def work(people: PeopleTables) -> None:
            people.sms_pins.pop(line, None)

        return self._writer.submit(lambda root: work(tables(root, PeopleTables)), "pin")
