"""Records streams of random numbers from PyTorch 2.6 on the CPU, for tests/random_test.ts.

    python record_random.py > random.json.gz

A stream is a seed and a list of calls on one generator; each call is kept with the bytes it filled, a digest of the generator's words
and place after it, and the normal deviate that the generator then holds.
"""

import base64
import gzip
import hashlib
import json
import random
import struct
import sys
import warnings

import torch

warnings.simplefilter("ignore")
SEEDS = [0, 1, 42, 2147483648, 4294967301, 9223372036854775808, 18446744073709551615, -1, -9223372036854775808, 67280421310721]
SIZES = [0, 1, 2, 5, 15, 16, 17, 31, 32, 100]
FLOATS = ["float32", "float64"]
INTEGERS = ["int64", "int32", "int16", "int8", "uint8", "bool"]
NORMAL_Y, NORMAL_IS_VALID = 5024, 5040


def encode(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def probabilities(n, dtype):
    return torch.tensor([i / n for i in range(n)], dtype=getattr(torch, dtype))


def weights(n, dtype):
    return torch.tensor([(5 * i) % 7 + 0.5 for i in range(n)], dtype=getattr(torch, dtype))


def integer(text):
    return None if text is None else int(text)


def perform(call, gen):
    """The tensor that one call fills."""
    op, n, args = call["op"], call["n"], call["args"]
    dtype = getattr(torch, call["dtype"])
    if op == "randperm":
        return torch.randperm(n, dtype=dtype, generator=gen)
    if op == "multinomial":
        weight_dtype, categories, samples, replacement = args
        rows = n // samples
        return torch.multinomial(weights(rows * categories, weight_dtype).view(rows, categories), samples, replacement, generator=gen)
    out = torch.empty(n, dtype=dtype)
    if call.get("strided"):
        out = torch.empty(n, 2, dtype=dtype)[:, 0]
    if op == "random_from_to":
        return out.random_(integer(args[0]), integer(args[1]), generator=gen)
    if op == "bernoulli_each":
        return out.bernoulli_(probabilities(n, args[0]), generator=gen)
    return getattr(out, op + "_")(*args, generator=gen)


def record(seed, calls):
    gen = torch.Generator()
    gen.manual_seed(seed)
    for call in calls:
        call["out"] = encode(perform(call, gen))
        state = gen.get_state().numpy().tobytes()
        call["state"] = hashlib.sha256(state[:NORMAL_Y - 8]).hexdigest()[:16]
        held = struct.unpack_from("<i", state, NORMAL_IS_VALID)[0]
        call["held"] = struct.unpack_from("<d", state, NORMAL_Y)[0] if held else None
    return {"seed": str(seed), "calls": calls}


def call(op, dtype, n, *args, strided=False):
    made = {"op": op, "dtype": dtype, "n": n, "args": list(args)}
    if strided:
        made["strided"] = True
    return made


def sizes():
    """Uniform and normal numbers of all sizes, each from a fresh seed and then going on."""
    for seed in SEEDS:
        for dtype in FLOATS:
            for op in ["uniform", "normal"]:
                yield record(seed, [call(op, dtype, n) for n in SIZES])
    for op in ["uniform", "normal"]:
        for dtype in FLOATS:
            yield record(3, [call(op, dtype, 1000), call(op, dtype, 1001)])


def families():
    """Every distribution, dtype and path, at sizes about the blocks in which words are made."""
    for dtype in FLOATS:
        yield record(7, [call("uniform", dtype, 700, -0.3, 0.7), call("uniform", dtype, 33, 3.3, 17.1), call("uniform", dtype, 5, 2.0, 2.0)])
        yield record(7, [call("normal", dtype, n, 0.37, 1.7) for n in [3, 16, 700, 7, 17]])
        yield record(7, [call("normal", dtype, n, 0.37, 1.7, strided=True) for n in [3, 16, 101, 2]])
        yield record(7, [call("normal", dtype, 40, -3.0, 0.0), call("normal", dtype, 4, -3.0, 0.0)])
        yield record(8, [call("log_normal", dtype, n, 0.3, 1.7) for n in [5, 100]])
        yield record(8, [call("exponential", dtype, n, 1.7) for n in [1, 330]] + [call("exponential", dtype, 1100, 1.0)])
        yield record(8, [call("cauchy", dtype, n, 0.3, 1.7) for n in [1, 330]])
    for dtype in FLOATS + INTEGERS:
        yield record(9, [call("random", dtype, n) for n in [1, 330, 2]])
        yield record(9, [call("bernoulli", dtype, 330, 0.3), call("bernoulli", dtype, 3, 0.0), call("bernoulli", dtype, 3, 1.0)])
        yield record(9, [call("bernoulli_each", dtype, 330, p) for p in FLOATS])
        yield record(9, [call("random_from_to", dtype, n, "0", "2") for n in [1, 50]])
        if dtype != "bool":
            yield record(9, [call("geometric", dtype, 100, p) for p in [0.3, 0.003]])
            yield record(9, [call("random_from_to", dtype, 50, "3", "101"), call("random_from_to", dtype, 50, "3", None)])
            yield record(9, [call("randperm", dtype, n) for n in [0, 1, 2, 3, 17, 100]])
        if dtype not in ("bool", "uint8"):
            yield record(9, [call("random_from_to", dtype, 50, "-128", "100"), call("random_from_to", dtype, 50, "-7", None)])
    for dtype in ["int64", "int32", "int16", "int8", "uint8"]:
        yield record(9, [call("geometric", dtype, 100, 1e-9), call("geometric", dtype, 100, 1e-11)])
    yield record(9, [call("geometric", "int64", 100, 1e-18), call("geometric", "float32", 50, 1e-18)])
    yield record(10, [call("randperm", "int64", 1500), call("randperm", "int32", 700)])
    ends = [("0", 2**28), ("-5", 2**31), (-2**31, 2**31 - 1), ("0", 2**32 - 1), ("0", 2**32), (-3, 2**32), ("0", 2**37 + 1), (2**60, 2**60 + 9), (-5, 2**45 - 5),
            ("0", 2**45), (-2**63, 2**63 - 1), (-2**63, None), (-2**62, None), (2**63 - 2, 2**63 - 1)]
    for dtype in ["int64", "float32", "float64"]:
        calls = []
        for low, high in ends:
            if dtype == "int64" or not (high is None and low == -2**62) and low != 2**63 - 2:
                calls.append(call("random_from_to", dtype, 20, str(low), None if high is None else str(high)))
        yield record(11, calls)
    yield record(11, [call("random_from_to", "int32", 20, str(-2**31), None), call("random_from_to", "int32", 20, str(-2**31), str(2**31 - 1))])
    yield record(11, [call("random_from_to", "float32", 20, str(low), str(high)) for low, high in [(2**24 + 1, 2**24 + 90), (-2**24 - 3, 5), (2**40 + 1, 2**41)]])
    for dtype in FLOATS:
        for replacement in [False, True]:
            shapes = [(19, 1, 30), (19, 5, 6), (1, 1, 3), (100, 20, 2)] + ([(3, 50, 4)] if replacement else [])
            yield record(12, [call("multinomial", "int64", samples * rows, dtype, categories, samples, replacement) for categories, samples, rows in shapes])


def mixtures():
    """Random programs: what one call leaves behind is the next one's business."""
    choose = random.Random(2026)
    for seed in range(100, 116):
        calls = []
        for _ in range(25):
            n = choose.choice([1, 1, 2, 3, 5, 7, 15, 16, 17, 20, 33])
            dtype = choose.choice(FLOATS)
            integers = choose.choice(INTEGERS[:5])
            calls.append(choose.choice([
                call("uniform", dtype, n),
                call("uniform", dtype, n, -2.5, 1.25),
                call("normal", dtype, n),
                call("normal", dtype, n),
                call("normal", dtype, n, 1.5, 0.25, strided=choose.random() < 0.4),
                call("log_normal", dtype, n, 0.5, 0.75),
                call("exponential", dtype, n, 0.5),
                call("cauchy", dtype, n, 0.0, 2.0),
                call("bernoulli", choose.choice(FLOATS + INTEGERS), n, 0.7),
                call("bernoulli_each", dtype, n, choose.choice(FLOATS)),
                call("random", choose.choice(FLOATS + INTEGERS), n),
                call("random_from_to", integers, n, "0", "10"),
                call("random_from_to", "int64", n, "-5", str(2**34)),
                call("randperm", integers, n),
                call("geometric", integers, n, 0.4),
                call("multinomial", "int64", 2 * n, dtype, 9, 2, choose.random() < 0.5),
            ]))
        yield record(seed, calls)


def errors():
    """Calls that PyTorch refuses, with its words."""
    big, nan, inf = str(2**63), float("nan"), float("inf")
    refused = [("uniform", d, a) for d in FLOATS for a in [(2, 1), (0.0, inf), (nan, 1), (-3e38, 3e38), (-1.7e308, 1.7e308), (1.25, -0.00001234567)]]
    refused += [("normal", "float32", a) for a in [(0, -1), (0, nan), (0, -1.5e-7)]] + [("log_normal", "float32", a) for a in [(0, 0), (0, -1234567)]]
    refused += [("exponential", "float32", a) for a in [(0,), (-0.1,), (nan,)]] + [("cauchy", "float32", a) for a in [(0, 0), (0, -2), (0, nan)]]
    refused += [("geometric", "int64", a) for a in [(0,), (1,), (1.5,), (nan,)]] + [("bernoulli", "int64", a) for a in [(2,), (-1,), (nan,)]]
    refused += [("random_from_to", d, a) for d in FLOATS + INTEGERS for a in [
        ("3", "3"), ("5", "3"), ("0", "-1"), ("-129", "5"), ("-1", "5"), ("0", "129"), ("0", "257"), ("0", "40000"), ("-40000", "4"), ("0", str(2**31 + 1)),
        (str(-2**40), "0"), ("0", big), (big, None), (str(-2**63), None), ("-1", None), ("300", None), (str(2**24), None), (str(2**53), None),
        (str(2**40 + 1), str(2**40 + 3)), (str(2**60 + 1), str(2**60 + 3))]]
    refused += [("multinomial", "float32", a) for a in [(3, 4, False), (3, 0, False), (3, -1, True)]]
    refused += [("multinomial_weights", "float32", (w, s, r)) for w in [[0, 0, 0], [1, -1, 1], [1, nan, 1], [1, inf, 1]] for s, r in [(1, False), (1, True), (2, False), (2, True)]]
    for op, dtype, args in refused:
        out = torch.empty(3, dtype=getattr(torch, dtype))
        try:
            if op == "random_from_to":
                out.random_(integer(args[0]), integer(args[1]))
            elif op == "multinomial":
                torch.multinomial(torch.ones(args[0]), *args[1:])
            elif op == "multinomial_weights":
                torch.multinomial(torch.tensor(args[0], dtype=torch.float32), *args[1:])
            else:
                getattr(out, op + "_")(*args)
        except (RuntimeError, TypeError) as error:
            shown = [[repr(v) if isinstance(v, float) else v for v in a] if isinstance(a, list) else repr(a) if isinstance(a, float) else a for a in args]
            yield {"op": op, "dtype": dtype, "args": shown, "error": type(error).__name__, "message": str(error)}


def states():
    """A saved state, what follows it, and the same state as old PyTorch saved it."""
    gen = torch.Generator()
    gen.manual_seed(5)
    torch.rand(700, generator=gen), torch.randn(3, generator=gen)
    state = gen.get_state()
    following = torch.randn(20, generator=gen), torch.randn(3, generator=gen)
    legacy = bytearray(state[:5048].numpy().tobytes())
    struct.pack_into("<ddd", legacy, 5016, 0.3, 0.7, 1.7)
    gen.set_state(torch.tensor(list(legacy), dtype=torch.uint8))
    return {
        "state": encode(state),
        "following": [encode(t) for t in following],
        "legacy": base64.b64encode(legacy).decode(),
        "legacy_following": encode(torch.randn(3, generator=gen)),
    }


if __name__ == "__main__":
    assert torch.__version__.startswith("2.6.0"), torch.__version__
    recorded = {"sizes": list(sizes()), "families": list(families()), "mixtures": list(mixtures()), "errors": list(errors()), "states": states()}
    sys.stdout.buffer.write(gzip.compress(json.dumps(recorded, separators=(",", ":")).encode(), 9, mtime=0))
