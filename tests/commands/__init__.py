"""Tests of the `switchroom` command: on a real box where it asks one, else pure."""
