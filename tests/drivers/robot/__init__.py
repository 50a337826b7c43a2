"""Tests of the robot phone: its codecs on values, its telephony over real loopback sockets."""
