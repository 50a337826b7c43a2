"""The SIP phone that the self-test, the demo and the tests share.

It telephones for real: SIP over UDP with RFC 3261's timers, audio with a tone of its own, digits both ways, and an ear
that tells tones and prompts. `phone.Phone` and `call.Call` are what others use. It must not know the exchange that it
telephones with, nor anything of the centre: what it says about a call is an outside witness's word.
"""
