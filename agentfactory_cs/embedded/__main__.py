"""`python -m agentfactory_cs.embedded keep SERVER VAR_DIR REPORT`: started by users.py, not by people."""

import os
import sys
from pathlib import Path

from agentfactory_cs.embedded.keeper import keep

if __name__ == "__main__":
    # The keeper outlives whoever started it, and is nobody's child to wait for.
    if os.fork():
        os._exit(0)
    _, _keep, server, var_dir, report = sys.argv
    sys.exit(keep(server, Path(var_dir), int(report)))
