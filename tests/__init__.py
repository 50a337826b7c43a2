"""Tests; the folders mirror the source, beside simulation, contract, browser, image and architecture."""
