"""Runs a command and fails unless it exits with the code given first; `not` takes any but 0."""

import subprocess
import sys

code = subprocess.run(sys.argv[2:], check=False).returncode
sys.exit(f"exit code {code}, expected {sys.argv[1]}" if code != int(sys.argv[1]) else 0)
