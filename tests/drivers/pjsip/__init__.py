"""Tests of SIP trunks and desk phones."""
