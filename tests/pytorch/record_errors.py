"""Records which exception PyTorch raises in many situations, with its text, and the state of the tensors.

    python3 record_errors.py > errors.json.gz

The situations stand in situations/; tests/errors/ holds the same ones under the same names. The recorded state is that
before the failing call: it must not change.
"""

import gzip
import importlib
import json
import sys
import warnings

import torch

from situations import situations

SUBJECTS = ("engine", "inplace", "shapes", "indexing", "arguments", "dtypes", "networks", "randomness")


def describe(tensor):
    """What must be the same afterwards; version counters of inference tensors do not exist."""
    if tensor is None:
        return None
    plain = tensor.detach()
    return {
        "dtype": str(plain.dtype),
        "shape": list(plain.shape),
        "stride": list(plain.stride()),
        "values": plain.reshape(-1).tolist(),
        "requires_grad": tensor.requires_grad,
        "is_leaf": tensor.is_leaf,
        "version": None if tensor.is_inference() else tensor._version,
        "grad_fn": tensor.grad_fn.name() if tensor.grad_fn is not None else None,
        "grad": tensor.grad.reshape(-1).tolist() if tensor.is_leaf and tensor.grad is not None else None,
    }


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for subject in SUBJECTS:
        importlib.import_module(f"situations.{subject}")
    recording = {}
    for name, function in situations.items():
        torch.manual_seed(0)
        steps = function()
        tensors = list(next(steps))
        before = [describe(t) for t in tensors]
        try:
            next(steps)
        except StopIteration:
            print(f"{name}: no error", file=sys.stderr)
            continue
        except Exception as error:
            assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled() and torch.get_default_dtype() == torch.float32, name
            recording[name] = {"type": type(error).__name__, "message": str(error), "state": before}
        after = [describe(t) for t in tensors]
        if after != before:
            print(f"{name}: changed: {[(k, b[k], a[k]) for b, a in zip(before, after) for k in b if a[k] != b[k]]}", file=sys.stderr)
    text = "{\n" + ",\n".join(f"{json.dumps(name)}:{json.dumps(entry)}" for name, entry in recording.items()) + "\n}\n"
    sys.stdout.buffer.write(gzip.compress(text.encode(), 9, mtime=0))
    print(len(recording), "situations", file=sys.stderr)


if __name__ == "__main__":
    main()
