"""Tests of webadmin."""
