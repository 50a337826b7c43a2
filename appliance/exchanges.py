"""Which exchanges a box has and where each lies: one word for who starts Asterisk and for the daemon that drives it."""

from appliance.places import TOLD_CARDS, Places
from drivers.asterisk.bundle import Bundle
from drivers.asterisk.conf import Options, Site, Technology
from drivers.dahdi.technology import Dahdi, is_here
from drivers.pjsip.technology import Pjsip


def own_asterisk(places: Places, bundle: Bundle) -> Options:
    """Give the box's own Asterisk, the exchange `main`: trunks and desk phones by SIP, and on cards if it has DAHDI."""
    site = Site(
        home=places.asterisk,
        run=places.asterisk_run,
        prompts=places.prompts,
        recordings=places.spool,
        modules=bundle.modules,
        data=bundle.data,
        music=bundle.music,
        base_port=places.port,
        listen=places.listen,
    )
    technologies: tuple[Technology, ...] = (Pjsip(), Dahdi(TOLD_CARDS)) if is_here(bundle.modules) else (Pjsip(),)
    return Options(site=site, technologies=technologies)
