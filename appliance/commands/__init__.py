"""The `switchroom` command, one file a subcommand. A subcommand asks the daemon; it never writes to the store."""
