"""The daemon and what it knows; nothing here knows a device, and nothing here imports boot, webadmin or images."""
