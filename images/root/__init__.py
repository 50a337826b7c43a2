"""The root file system: Debian 13 with the product in /opt/switchroom. What lies in `tree` is put into it as it is."""
