"""SIP trunks and desk phones on Asterisk's PJSIP: text and facts only. It opens no socket and decides no call."""
