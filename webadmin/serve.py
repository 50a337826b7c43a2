"""gunicorn's settings, read by gunicorn as a module: threads in a few workers, each with a store of its own."""

import os
from pathlib import Path

from appliance.places import places_of

_places = places_of(os.environ)

bind = f"unix:{_places.web_socket}"
umask = 0o077
worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 5
keepalive = 30
forwarded_allow_ips = "*"  # only nginx reaches the socket
limit_request_line = 8190
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  gunicorn makes a private file in it
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "info"
proc_name = "switchroom-web"
