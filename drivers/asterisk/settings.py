"""The settings of Asterisk itself: folders, modules, doors, ports, logs. Nothing here depends on the company."""

from collections.abc import Mapping

from drivers.asterisk import chronicle
from drivers.asterisk.conf import Setting, Site, section, sections

_MODULES = {
    "channels": "chan_pjsip chan_bridge_media bridge_simple bridge_softmix bridge_holding bridge_builtin_features",
    "audio": "codec_ulaw codec_alaw codec_a_mu codec_resample format_pcm format_wav format_sln "
    "res_rtp_asterisk res_srtp res_crypto res_timing_timerfd res_timing_pthread",
    "SIP": "res_pjproject res_pjsip res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_caller_id "
    "res_pjsip_diversion res_pjsip_dlg_options res_pjsip_dtmf_info res_pjsip_empty_info "
    "res_pjsip_endpoint_identifier_anonymous res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user "
    "res_pjsip_header_funcs res_pjsip_logger res_pjsip_maintenance res_pjsip_nat "
    "res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration res_pjsip_path res_pjsip_pubsub "
    "res_pjsip_refer res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_session res_pjsip_t38 "
    "res_sorcery_astdb res_sorcery_config res_sorcery_memory",
    "dialplan": "pbx_config app_dial app_exec app_mixmonitor app_playback app_playtones app_softhangup app_stack "
    "app_verbose func_callerid func_channel func_cut func_devstate func_groupcount func_hangupcause func_logic "
    "func_math func_rand func_strings",
    "calls": "res_musiconhold res_agi res_speech res_manager_devicestate res_stasis res_stasis_device_state",
    "records": "res_cdrel_custom cel_custom",
}
MODULES = tuple(module for modules in _MODULES.values() for module in modules.split())
"The modules that are loaded, `.so` left out; all others stay on the disk. `bridge_native_rtp` hides DTMF from AMI."

EVENTS = (
    "FullyBooted",
    "Shutdown",
    "Newchannel",
    "Newstate",
    "Rename",
    "Hangup",
    "BridgeEnter",
    "BridgeLeave",
    "OriginateResponse",
    "BlindTransfer",
    "AttendedTransfer",
    "ContactStatus",
    "Registry",
    "Alarm",
    "AlarmClear",
    "SpanAlarm",
    "SpanAlarmClear",
    "RTCPSent",
    "RTCPReceived",
)
"The events that Asterisk sends us; it filters the others, half of all, at its end."

ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "events": ("call,reporting,system", ""),
    "calls": ("", "call,originate,reporting"),
    "care": ("", "system"),
}
"The users of the manager interface: what each may read and what it may do. None has `command` or `config`."

COUNTRY_TONES = (
    ("description", "ITU-T E.180 by way of the European tones"),
    ("ringcadence", "1000,4000"),
    ("dial", "425"),
    ("busy", "425/500,0/500"),
    ("ring", "425/1000,0/4000"),
    ("congestion", "425/250,0/250"),
    ("callwaiting", "425/200,0/600,425/200,0/3000"),
    ("info", "950/330,1400/330,1800/330,0/1000"),
    ("stutter", "425"),
)


def _folders(site: Site) -> str:
    return section(
        "directories",
        [
            ("astetcdir", site.etc),
            ("astmoddir", site.modules),
            ("astvarlibdir", site.home / "lib"),
            ("astdbdir", site.home / "lib"),
            ("astkeydir", site.home),
            ("astdatadir", site.data),
            ("astagidir", site.home / "lib/agi-bin"),
            ("astspooldir", site.home / "spool"),
            ("astrundir", site.run),
            ("astlogdir", site.home / "log"),
            ("astcachedir", site.home / "cache"),
        ],
    )


def _manager(site: Site, secrets: Mapping[str, str]) -> str:
    general = section(
        "general",
        [
            ("enabled", True),
            ("bindaddr", "127.0.0.1"),
            ("port", site.ami_port),
            ("webenabled", False),
            ("displayconnects", False),
            ("allowmultiplelogin", True),
            ("authtimeout", 5),
            ("authlimit", 20),
            ("timestampevents", False),
        ],
    )
    filters = [("eventfilter", f"^Event: ({'|'.join(EVENTS)})")]
    accounts = [
        section(
            user,
            [
                ("secret", secrets[user]),
                ("deny", "0.0.0.0/0.0.0.0"),
                ("permit", "127.0.0.1/255.255.255.255"),
                ("read", read),
                ("write", write),
                ("writetimeout", 5_000),
                *(filters if user == "events" else []),
            ],
        )
        for user, (read, write) in ACCOUNTS.items()
    ]
    return sections(general, *accounts)


def files(site: Site, secrets: Mapping[str, str], modules: tuple[str, ...] = ()) -> dict[str, str]:
    """Give the files, name to text; `secrets` are `ACCOUNTS`' passwords, `modules` are loaded beside `MODULES`."""
    rtp, udptl = site.rtp_ports, site.udptl_ports
    options: list[Setting] = [
        ("systemname", site.name),
        ("live_dangerously", False),
        ("documentation_language", "en_US"),
        ("transmit_silence", True),
        ("nocolor", True),
        ("dontwarn", True),
        ("hideconnect", True),
        ("verbose", 0),
        ("debug", 0),
        ("defaultlanguage", "en"),
    ]
    loads = "\n".join(f"load = {module}.so" for module in (*MODULES, *modules))
    udptl_settings = [("udptlstart", udptl[0]), ("udptlend", udptl[1]), ("udptlfecentries", 3), ("udptlfecspan", 3)]
    loud = section("log_mappings", [("type", "log_mappings"), ("asterisk_error", "0,1"), ("asterisk_warning", 2)])
    return {
        "asterisk.conf": sections(_folders(site), section("options", options)),
        "modules.conf": sections(f"[modules]\nautoload = no\n{loads}\nnoload = bridge_native_rtp.so\n"),
        "logger.conf": sections(
            section("general", [("dateformat", "%F %T.%3q"), ("rotatestrategy", "rotate"), ("queue_log", False)]),
            "[logfiles]\nmessages => notice,warning,error\n",
        ),
        "manager.conf": _manager(site, secrets),
        "http.conf": sections(
            section(
                "general",
                [
                    ("enabled", True),
                    ("bindaddr", "127.0.0.1"),
                    ("bindport", site.http_port),
                    ("enable_static", False),
                    ("enable_status", False),
                ],
            )
        ),
        "rtp.conf": sections(
            section(
                "general", [("rtpstart", rtp[0]), ("rtpend", rtp[1]), ("strictrtp", "seqno"), ("icesupport", False)]
            )
        ),
        "udptl.conf": sections(section("general", udptl_settings)),
        "musiconhold.conf": sections(
            section("default", [("mode", "files"), ("directory", site.music), ("sort", "alpha")])
        ),
        "cdr.conf": sections(section("general", [("enable", False)])),
        "cel.conf": sections(section("general", [("enable", True), ("events", ",".join(chronicle.EVENTS))])),
        "cel_custom.conf": sections(f"[mappings]\n{chronicle.FILE} => {chronicle.LINE}\n"),
        "features.conf": sections(section("general", [("transferdigittimeout", 3)]), section("featuremap", [])),
        "indications.conf": sections(section("general", [("country", "eu")]), section("eu", COUNTRY_TONES)),
        "pjproject.conf": sections(section("startup", [("type", "startup"), ("log_level", 2)]), loud),
        "ccss.conf": sections(section("general", [])),
        "acl.conf": sections(),
        "cli.conf": sections(section("startup_commands", [])),
        "dnsmgr.conf": sections(section("general", [("enable", False)])),
        "dsp.conf": sections(section("default", [])),
        "stasis.conf": sections(section("threadpool", [])),
        "sorcery.conf": sections(),
        "extconfig.conf": sections(section("settings", [])),
    }
