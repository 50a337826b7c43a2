"""Tests of images/asterisk."""
