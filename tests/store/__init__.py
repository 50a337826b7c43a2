"""Tests of appliance.store, on a real ZEO process."""
