"""Makes .venv and installs a requirements file into it. Run by the Makefile, with nothing but a Python to stand on."""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".venv"
OURS = FOLDER / "bin" / "python"

# Where Python comes without ensurepip (Debian splits it off), pip is fetched the way pip would fetch it.
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main(requirements: str) -> int:
    if not (3, 11) <= sys.version_info < (3, 15):
        print("AgentFactory CS needs Python 3.11 to 3.14; this is {}.{}.".format(*sys.version_info), file=sys.stderr)
        return 1
    print(f"Installing {requirements} into .venv …", flush=True)
    if not _succeeds(OURS, "-c", "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))"):
        venv.create(FOLDER, clear=True, with_pip=False, symlinks=True)
    if not (_succeeds(OURS, "-m", "pip", "--version") or _succeeds(OURS, "-m", "ensurepip") or _fetch_pip()):
        version = "{}.{}".format(*sys.version_info)
        print(
            f"This Python comes without pip, and pip could not be downloaded: `apt-get install python{version}-venv` "
            f"(or your system's equivalent), then try again.",
            file=sys.stderr,
        )
        return 1
    # Wheels only: nothing is compiled, and nothing that is downloaded runs while it is installed.
    options = ["--require-hashes", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run([OURS, "-m", "pip", "install", *options, "-r", PROJECT / requirements], check=False)
    if done.returncode:
        print("The installation failed for the reason above; nothing was started.", file=sys.stderr)
    return done.returncode


def _succeeds(program: Path, *arguments: str) -> bool:
    try:
        return subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _fetch_pip() -> bool:
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    try:
        page = _get(index).decode()
        link = re.search(rf'href="([^"]*{re.escape(PIP_WHEEL)}[^"]*)"', page)
        wheel = _get(urllib.parse.urljoin(index, link[1])) if link else b""
    except (urllib.error.URLError, ValueError) as error:
        print(f"{index}: {error}", file=sys.stderr)
        return False
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        return False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PIP_WHEEL
        path.write_bytes(wheel)
        # A wheel is an archive Python can run from.
        return _succeeds(OURS, str(path / "pip"), "install", "--no-index", "--no-deps", str(path))


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the index is the user's choice
        return bytes(answer.read())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
