"""Lets `python -m appliance.commands` be the `switchroom` command."""

from appliance.commands.main import main

main()
