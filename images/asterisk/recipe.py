"""What goes into the bundle: Debian's packages, and the modules without which it is of no use."""

import hashlib

LAYOUT = 1
"Raised when the bundle is laid out differently, so that an older one in the cache is made anew."

SUITE = "sid"
"Debian 12 and 13 have no Asterisk."

OLDEST_RELEASE = 22
"The first long-term release that will do. Standard releases are odd-numbered; long-term ones are even."

PACKAGES = ("asterisk", "asterisk-config", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav")

OPENED_LATER = ("libfreebl3", "libfreeblpriv3", "libsoftokn3")
"Libraries that no other names as needed and that are opened at run time: NSS's own, without which there is no SRTP."

LEFT_OUT = (
    "app_jack", "app_voicemail_odbc", "cdr_adaptive_odbc", "cdr_odbc", "cdr_pgsql", "cdr_radius", "cdr_tds",
    "cel_odbc", "cel_pgsql", "cel_radius", "cel_tds", "chan_console", "chan_motif", "func_odbc", "pbx_lua",
    "res_calendar", "res_calendar_caldav", "res_calendar_ews", "res_calendar_exchange", "res_calendar_icalendar",
    "res_config_ldap", "res_config_odbc", "res_config_pgsql", "res_odbc", "res_odbc_transaction", "res_snmp",
    "res_xmpp",
)  # fmt: skip
"Modules whose libraries are large, and whose work the appliance does itself."

NEEDED = (
    "app_amd", "app_audiosocket", "app_cdr", "app_chanspy", "app_confbridge", "app_dial", "app_mixmonitor",
    "app_originate", "app_playback", "app_playtones", "app_read", "app_record", "app_senddtmf", "app_stack",
    "app_transfer", "app_userevent", "app_verbose", "app_voicemail", "app_waituntil", "bridge_builtin_features",
    "bridge_holding", "bridge_simple", "bridge_softmix", "cdr_manager", "cel_manager", "chan_audiosocket",
    "chan_pjsip", "chan_rtp", "codec_a_mu", "codec_alaw", "codec_g722", "codec_resample", "codec_ulaw",
    "format_pcm", "format_sln", "format_wav", "func_callerid", "func_cdr", "func_channel", "func_db", "func_global",
    "func_logic", "func_pjsip_aor", "func_pjsip_contact", "func_pjsip_endpoint", "func_rand", "func_strings",
    "func_timeout", "func_volume", "pbx_config", "res_agi", "res_ari", "res_fax", "res_fax_spandsp",
    "res_http_websocket", "res_musiconhold", "res_mutestream", "res_parking", "res_pjsip",
    "res_pjsip_authenticator_digest", "res_pjsip_caller_id", "res_pjsip_dtmf_info", "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_header_funcs", "res_pjsip_logger", "res_pjsip_nat",
    "res_pjsip_notify", "res_pjsip_outbound_authenticator_digest", "res_pjsip_outbound_registration",
    "res_pjsip_refer", "res_pjsip_registrar", "res_pjsip_rfc3326", "res_pjsip_sdp_rtp", "res_pjsip_session",
    "res_pjsip_t38", "res_pjsip_transport_websocket", "res_rtp_asterisk", "res_sorcery_config", "res_sorcery_memory",
    "res_srtp", "res_timing_timerfd",
)  # fmt: skip
"Modules that the appliance's configuration names; each must run in the bundle before it is taken."


def digest() -> str:
    """Name this recipe: eight hexadecimal digits that change when its result would."""
    text = repr((LAYOUT, SUITE, PACKAGES, OPENED_LATER, LEFT_OUT, NEEDED))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def is_long_term(release: int) -> bool:
    """Tell whether a release is one that we take: 22 or a newer even one."""
    return release >= OLDEST_RELEASE and release % 2 == 0
