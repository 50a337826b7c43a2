"""nginx's configuration: the one origin that browsers see."""

from dataclasses import dataclass
from pathlib import Path

BODY_MAX = "4m"
"The largest request: a configuration to import."
BUNDLE_MAX = "2g"
"But for an update, which is passed on as it comes."


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """What nginx has to know; paths are plain (`appliance.places` refuses others)."""

    listen: str
    port: int
    web_socket: Path
    door_socket: Path
    certificate: Path
    key: Path
    static: Path
    "The built front end."
    folder: Path
    "nginx's own folder: temporary files."
    pid: Path
    error_log: Path
    access_log: Path
    user: str = ""
    "The user of the workers; only root may name one, others leave it empty."
    mime_types: Path = Path("/etc/nginx/mime.types")


def render(door: FrontDoor) -> str:
    """Write the whole configuration."""
    user = f"user {door.user};\n" if door.user else ""
    return f"""\
# Written at every start; what is changed here by hand is lost.
{user}daemon off;
worker_processes 1;
pid {door.pid};
error_log {door.error_log} warn;
events {{ worker_connections 1024; }}
http {{
    include {door.mime_types};
    default_type application/octet-stream;
    # An address may hold a caller's number (a filter): the log keeps the path alone.
    log_format plain '$time_iso8601 $request_method $uri $status $body_bytes_sent $request_time';
    access_log {door.access_log} plain;
    client_body_temp_path {door.folder}/body;
    proxy_temp_path {door.folder}/proxy;
    fastcgi_temp_path {door.folder}/fastcgi;
    uwsgi_temp_path {door.folder}/uwsgi;
    scgi_temp_path {door.folder}/scgi;
    server_tokens off;
    client_max_body_size {BODY_MAX};
    keepalive_timeout 65s;
    tcp_nodelay on;
    gzip on;
    gzip_types text/css text/javascript application/javascript image/svg+xml;
    upstream pages {{ server unix:{door.web_socket} fail_timeout=0; }}
    upstream daemon {{ server unix:{door.door_socket} fail_timeout=0; }}
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For "";
    proxy_set_header X-Forwarded-Proto https;
    # The way for programs of this box that hold a session's secret themselves; nobody outside may take it.
    proxy_set_header X-Switchroom-Session "";
    server {{
        listen {door.listen}:{door.port} ssl http2;
        ssl_certificate {door.certificate};
        ssl_certificate_key {door.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:1m;
        error_page 497 =301 https://$http_host$request_uri;
        location ~ ^/live(/colleagues)?$ {{
            proxy_pass http://daemon;
            proxy_buffering off;
            proxy_read_timeout 60s;
            gzip off;
        }}
        location /commands/ {{
            proxy_pass http://daemon;
            proxy_read_timeout 30s;
        }}
        location /static/ {{
            alias {door.static}/;
            add_header Cache-Control "public, max-age=31536000, immutable";
            add_header X-Content-Type-Options nosniff;
        }}
        location /setup/updates/bundles/ {{
            client_max_body_size {BUNDLE_MAX}; proxy_request_buffering off; client_body_timeout 120s;
            proxy_pass http://pages; proxy_read_timeout 180s;
        }}
        location / {{
            proxy_pass http://pages;
            proxy_read_timeout 60s;
        }}
    }}
}}
"""
