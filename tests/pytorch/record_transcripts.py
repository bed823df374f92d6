"""Records what the programs in programs/ print on PyTorch.

    python3 record_transcripts.py > transcripts.json.gz

tests/transcripts/ holds the same programs in TypeScript under the same names. Addresses of objects read 0xADDR.
"""

import contextlib
import gzip
import importlib
import io
import json
import re
import sys
import warnings

import torch

from programs import programs

SUBJECTS = ("graphs", "memory", "numbers", "learning", "library")


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for subject in SUBJECTS:
        importlib.import_module(f"programs.{subject}")
    recording = {}
    for name, function in programs.items():
        torch.manual_seed(0)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            function()
        recording[name] = re.sub("0x[0-9a-f]{6,}", "0xADDR", out.getvalue())
    text = "{\n" + ",\n".join(f"{json.dumps(name)}:{json.dumps(lines)}" for name, lines in recording.items()) + "\n}\n"
    sys.stdout.buffer.write(gzip.compress(text.encode(), 9, mtime=0))
    print(len(recording), "programs,", sum(r.count("\n") for r in recording.values()), "lines", file=sys.stderr)


if __name__ == "__main__":
    main()
