"""The core, fact by fact."""
