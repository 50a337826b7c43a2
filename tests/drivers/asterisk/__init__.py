"""Tests of drivers/asterisk."""
