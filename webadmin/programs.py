"""The two programs that make the web, as the supervisor starts them.

`python -m webadmin.programs nginx` writes nginx's configuration for the box of this environment and becomes nginx.
"""

import os
import shutil
import sys
from pathlib import Path

from appliance.places import Places, PlacesError, places_of
from webadmin.bundle import BUILT
from webadmin.front_door import FrontDoor, render

NO_PROGRAM = 69
WRONG_ARGUMENTS = 64
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
"Where Debian keeps nginx; not in every user's PATH."


def web_argv(python: Path | None = None) -> list[str]:
    """Give the command that runs gunicorn; it is ready once `run/web.sock` answers."""
    program = str(python or sys.executable)
    return [program, "-m", "gunicorn", "--config", "python:webadmin.serve", "webadmin.main:application()"]


def front_door(places: Places, *, user: str = "") -> FrontDoor:
    """Give what nginx is told of a box; `user` is `root` where root calls it, else empty."""
    return FrontDoor(
        listen=places.listen,
        port=places.web_port,
        web_socket=places.web_socket,
        door_socket=places.door_socket,
        certificate=places.certificate,
        key=places.key,
        static=BUILT,
        folder=places.nginx,
        pid=places.run / "nginx.pid",
        error_log=places.log / "nginx.log",
        access_log=places.log / "access.log",
        user=user,
    )


def nginx_argv(places: Places, program: str = "nginx") -> list[str]:
    """Give the command that runs nginx in the foreground; `render` of the same places stands in `nginx/nginx.conf`."""
    configuration = places.nginx / "nginx.conf"
    return [program, "-e", str(places.log / "nginx.log"), "-p", str(places.nginx), "-c", str(configuration)]


def main(arguments: list[str]) -> int:
    """Become `nginx` or `web` for the box that the environment names; gives an exit code if that cannot be."""
    try:
        places = places_of(os.environ)
    except PlacesError as error:
        return _refuse(str(error), WRONG_ARGUMENTS)
    if arguments == ["web"]:
        command = web_argv()
    elif arguments == ["nginx"]:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}")
        if program is None:
            return _refuse("nginx is not installed: run `make run`, which installs it.", NO_PROGRAM)
        _write(places.nginx / "nginx.conf", render(front_door(places, user="root" if os.geteuid() == 0 else "")))
        command = nginx_argv(places, program)
    else:
        return _refuse("say `nginx` or `web`.", WRONG_ARGUMENTS)
    return os.execv(command[0], command)  # noqa: S606  we become the program; the supervisor has it as its child


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _refuse(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
