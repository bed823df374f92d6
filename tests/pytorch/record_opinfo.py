"""Records PyTorch's OpInfo samples for a list of ops.

    python3 record_opinfo.py core_ops.txt > opinfo.json.gz
    python3 record_opinfo.py more_ops.txt --few > opinfo_more.json.gz

Needs PyTorch 2.6 with its test dependencies (numpy, expecttest). Writes one gzipped JSON object, op name -> entry:

    {"op", "variant", "cases": [case], "errors": [error]}

A case holds what went in and what came out:

    dtype, layout         the dtype asked for and how the inputs lie in memory ("sample", "transposed", "strided", "expanded", "special")
    args, kwargs          encoded values, see `encode`; tensors with a "g" are differentiated and numbered by it
    out, names            the outputs and the `grad_fn` name of each tensor among them
    cotangents, grads     random cotangents for the outputs that require grad, and the gradients of the inputs
    probes, of, grads2    random cotangents for grads[i], i in `of`, and the gradients of sum(probe * grad)
    method                true where the method of the same name gives the same on the first argument
    inplace               the `grad_fn` name where the in-place method, on a clone of the first argument, gives the same outputs and gradients

An error holds args, kwargs, and the class and message that PyTorch raised.
"""

import gzip
import itertools
import json
import math
import os
import random
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from torch.testing._internal import common_methods_invocations as invocations
from torch.testing._internal.opinfo import core as opinfo_core

SEED = 1789
# Samples with more elements than this, inputs and outputs together, are passed over while smaller ones remain.
MAX_ELEMENTS = 100
SAMPLES = {torch.float64: 12, torch.float32: 4, torch.int64: 4, torch.bool: 2}
LAYOUTS = ("transposed", "strided", "expanded")
# Outcomes that depend on which of several equal elements is taken: no repeated elements for these.
ORDER_DEPENDENT = {"topk", "sort", "argsort", "msort", "kthvalue", "median", "nanmedian", "mode", "max", "min", "argmax", "argmin", "unique", "nn.functional.max_pool1d", "nn.functional.max_pool2d"}
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-20, -3e-5, 7e4, -1e15]
SPECIAL_PAIRS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -2.5, 3.0]
DEFAULT_SIZES = dict(S=5, M=10, L=20)
SMALL_SIZES = dict(S=3, M=4, L=5)


class Unrecordable(Exception):
    """A value that has no counterpart in the recording (complex numbers, generators, other devices)."""


def set_sizes(sizes):
    """Sets the edge lengths that OpInfo's sample functions read as global names."""
    modules = [m for name, m in sys.modules.items() if "torch.testing._internal" in name]
    for module in modules:
        for name, size in sizes.items():
            if isinstance(module.__dict__.get(name), int):
                setattr(module, name, size)


def dtype_name(dtype):
    name = str(dtype).removeprefix("torch.")
    if name not in ("float64", "float32", "int64", "int32", "int16", "int8", "uint8", "bool"):
        raise Unrecordable(name)
    return name


def encode_number(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"i": str(value)}
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def numbers(flat):
    values = flat.tolist()
    if flat.dtype == torch.float32:
        # the shortest decimal that rounds to the same float32
        values = [float(str(np.float32(v))) for v in values]
    return [encode_number(v) for v in values]


def encode_tensor(tensor, shared=()):
    """{t: dtype, s: shape, d: elements}, or, where the memory layout matters, {t, s, st: strides, o: offset, base: the whole storage, k: storage number}; values only if `shared` is None."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_complex() or tensor.is_quantized:
        raise Unrecordable("tensor")
    out = {"t": dtype_name(tensor.dtype), "s": list(tensor.shape)}
    plain = tensor.detach()
    if torch._is_zerotensor(plain):  # zeros that have no memory yet
        plain = plain.clone()
    key = plain.untyped_storage().data_ptr()
    if shared is None or plain.is_contiguous() and not (key in shared and plain.numel()):
        out["d"] = numbers(plain.reshape(-1))
    else:
        whole = plain.as_strided((plain.untyped_storage().nbytes() // plain.element_size(),), (1,), 0)
        if whole.numel() > 4 * MAX_ELEMENTS:
            raise Unrecordable("large storage")
        out.update(st=list(plain.stride()), o=plain.storage_offset(), base=numbers(whole))
        if key in shared:
            out["k"] = shared.index(key)
    return out


def encode(value, shared=(), leaves=None):
    """Encodes an argument or an output; `leaves` collects the tensors that require grad."""
    if isinstance(value, torch.Tensor):
        out = encode_tensor(value, shared)
        if leaves is not None and value.requires_grad:
            out["g"] = len(leaves)
            leaves.append(value)
        return out
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        number = encode_number(value)
        return {"f": number} if isinstance(number, str) else number
    if isinstance(value, (list, tuple)):
        return [encode(v, shared, leaves) for v in value]
    if isinstance(value, torch.dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, torch.device) and value.type == "cpu":
        return "cpu"
    if value in (torch.contiguous_format, torch.preserve_format):
        return {"torch": str(value).removeprefix("torch.")}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is Ellipsis:
        return {"ellipsis": True}
    raise Unrecordable(type(value).__name__)


def each(value, function):
    """The same structure with `function` applied to what is no container."""
    if isinstance(value, (list, tuple)):
        return [each(v, function) for v in value]
    if isinstance(value, dict):
        return {k: each(v, function) for k, v in value.items()}
    return function(value)


def leaves_of(value):
    out = []
    each(value, out.append)
    return out


def tensors_of(value):
    return [v for v in leaves_of(value) if isinstance(v, torch.Tensor)]


def elements(value):
    return sum(t.numel() for t in tensors_of(value))


def relayout(tensor, layout):
    """The same values (one repeated slice for "expanded") with other strides; integer tensors, which are often indices, are never expanded."""
    plain = tensor.detach()
    if layout == "transposed" and plain.dim() >= 2:
        dims = list(reversed(range(plain.dim())))
        out = plain.permute(dims).contiguous().permute(dims)
    elif layout == "strided":
        if plain.dim() == 0:
            out = torch.full((3,), 1, dtype=plain.dtype)[1]
        else:
            out = torch.full((*plain.shape[:-1], 2 * plain.shape[-1]), 1, dtype=plain.dtype)[..., 1::2]
        out.copy_(plain)
    elif layout == "expanded" and plain.dim() >= 1 and plain.shape[0] > 1 and plain.is_floating_point():
        out = plain[:1].clone().expand(plain.shape)
    else:
        out = plain.clone()
    return out.requires_grad_(tensor.requires_grad)


def structure(args, kwargs):
    """What tells samples apart apart from their random values."""
    describe = lambda v: f"{v.dtype}{list(v.shape)}{v.requires_grad}" if isinstance(v, torch.Tensor) else type(v).__name__ + (repr(v) if not isinstance(v, float) else "")
    return repr(each([args, kwargs], describe))


def takes_integral_float(args, kwargs):
    return any(isinstance(v, float) and v.is_integer() for v in leaves_of([list(args), kwargs]))


def same_as_integers(op, args, kwargs, out):
    """JavaScript cannot tell 2.0 from 2: such arguments are only kept where PyTorch does not either."""
    as_int = lambda v: int(v) if isinstance(v, float) and math.isfinite(v) and v.is_integer() else v
    try:
        other = op(*each(list(args), as_int), **each(kwargs, as_int))
    except Exception:
        return False
    describe = lambda v: [t.dtype for t in tensors_of(v)]
    return describe(out if isinstance(out, (list, tuple)) else [out]) == describe(other if isinstance(other, (list, tuple)) else [other])


def record_case(op, dtype, layout, args, kwargs):
    """Runs one sample; None where it does not fit or cannot be recorded."""
    fresh = lambda v: relayout(v, layout) if isinstance(v, torch.Tensor) else v
    args, kwargs = each(list(args), fresh), each(dict(kwargs), fresh)
    leaves = []
    try:
        case = {"dtype": dtype_name(dtype), "layout": layout, "args": encode(args, (), leaves), "kwargs": {k: encode(v, (), leaves) for k, v in kwargs.items()}}
        out = op(*args, **kwargs)
        if takes_integral_float(args, kwargs) and not same_as_integers(op, args, kwargs, out):
            return None
        outs = tensors_of([out])
        case["out"] = encode(out, None)
        case["names"] = [t.grad_fn.name() if t.grad_fn is not None else None for t in outs]
    except Unrecordable:
        return None
    differentiable = [t for t in outs if t.requires_grad]
    cotangents = [torch.randn_like(t) for t in differentiable]
    record_methods(case, op, args, kwargs, out, leaves, cotangents)
    if not leaves or not differentiable:
        return case
    second = op.supports_gradgrad
    grads = torch.autograd.grad(differentiable, leaves, cotangents, create_graph=second, allow_unused=True)
    case["cotangents"], case["grads"] = encode(cotangents, None), encode(grads, None)
    of = [i for i, g in enumerate(grads) if g is not None and g.requires_grad]
    if second and of:
        probes = [torch.randn_like(grads[i]) for i in of]
        case["of"], case["probes"] = of, encode(probes, None)
        case["grads2"] = encode(torch.autograd.grad([grads[i] for i in of], leaves, probes, allow_unused=True), None)
    if dtype == torch.float32 and not is_well_conditioned(op, case, args, kwargs, cotangents):
        return None
    return case


def equal(a, b):
    a, b = tensors_of([a]), tensors_of([b])
    return len(a) == len(b) and all(x.dtype == y.dtype and x.shape == y.shape and torch.allclose(x, y, equal_nan=True) for x, y in zip(a, b))


def record_methods(case, op, args, kwargs, out, leaves, cotangents):
    """Notes whether the method and the in-place method of the same name agree with the function."""
    if not args or not isinstance(args[0], torch.Tensor):
        return
    if op.method_variant is not None and op.name.isidentifier():
        try:
            if equal(op.method_variant(*args, **kwargs), out):
                case["method"] = True
        except (RuntimeError, TypeError):
            pass
    # addbmm_ gives the tensor that it changes another shape
    reshapes = op.name == "addbmm" and args[0].shape != out.shape
    if op.inplace_variant is None or reshapes or not isinstance(out, torch.Tensor) or not op.name.isidentifier():
        return
    try:
        changed = args[0].clone()
        result = op.inplace_variant(changed, *args[1:], **kwargs)
        if not equal(result, out) or not equal(changed, out):
            return
        if cotangents:
            expected = torch.autograd.grad(out, leaves, cotangents, retain_graph=True, allow_unused=True)
            if not equal(torch.autograd.grad(result, leaves, cotangents, allow_unused=True), expected):
                return
        case["inplace"] = result.grad_fn.name() if result.grad_fn is not None else None
    except (RuntimeError, TypeError, IndexError):
        pass


def is_well_conditioned(op, case, args, kwargs, cotangents):
    """Whether float32 is enough for the tolerance of the tests: where a sum cancels or a difference is amplified, no float32 result is right."""
    double = lambda v: v.detach().double().requires_grad_(v.requires_grad) if isinstance(v, torch.Tensor) and v.dtype == torch.float32 else v
    try:
        args, kwargs = each(args, double), each(kwargs, double)
        outs = tensors_of([op(*args, **kwargs)])
        if [t.numel() for t in outs] != [len(t["d"]) for t in encoded_tensors(case["out"])]:
            return False
        if not all(close(t, e) for t, e in zip(outs, encoded_tensors(case["out"]))):
            return False
        leaves = [t for t in tensors_of([args, kwargs]) if t.requires_grad]
        outs = [t for t in outs if t.requires_grad]
        if not leaves or "grads" not in case:
            return True
        second = "grads2" in case
        grads = torch.autograd.grad(outs, leaves, [c.double() for c in cotangents], create_graph=second, allow_unused=True)
        if not all(g is None or close(g, e) for g, e in zip(grads, case["grads"])):
            return False
        if second:
            probes = [torch.tensor([float(v) for v in p["d"]], dtype=torch.float64).reshape(p["s"]) for p in case["probes"]]
            grads2 = torch.autograd.grad([grads[i] for i in case["of"]], leaves, probes, allow_unused=True)
            return all(g is None or e is None or close(g, e) for g, e in zip(grads2, case["grads2"]))
        return True
    except (RuntimeError, TypeError):
        return True  # not the same op in float64


def encoded_tensors(value):
    if isinstance(value, dict):
        return [value] if "d" in value else []
    return [t for v in value for t in encoded_tensors(v)] if isinstance(value, list) else []


def close(exact, encoded):
    """Within half of the tolerance that the tests have for float32."""
    if encoded["t"] != "float32":
        return True
    recorded = torch.tensor([float(v) for v in encoded["d"]], dtype=torch.float64)
    return torch.allclose(exact.detach().double().reshape(-1), recorded, rtol=0.65e-6, atol=0.5e-5, equal_nan=True)


class TooSlow(Exception):
    pass


def alarm(*_):
    raise TooSlow


def generate(op, dtype, reference):
    """(args, kwargs) of OpInfo's samples, as many as come in a few seconds."""
    make = op.reference_inputs if reference else op.sample_inputs
    found = []
    signal.setitimer(signal.ITIMER_REAL, 4)
    try:
        for sample in itertools.islice(make("cpu", dtype, requires_grad=dtype.is_floating_point and op.supports_autograd, set_seed=False), 300):
            args = [sample.input, *sample.args]
            if op.name == "__getitem__" and isinstance(args[1], tuple):
                args = [args[0], *args[1]]
            if elements(args) + elements(sample.kwargs) <= 40 * MAX_ELEMENTS:
                found.append((args, sample.kwargs))
    except TooSlow:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found


# with dropout their values are those of the moment: no evidence
DRAWS = {"nn.functional.scaled_dot_product_attention", "nn.functional.multi_head_attention_forward"}


def samples(op, dtype):
    """Samples of different structure, small ones, in a random order."""
    found = []
    for sizes in (SMALL_SIZES, DEFAULT_SIZES):
        set_sizes(sizes)
        for reference in (False, True):
            try:
                found += [(reference, *s) for s in generate(op, dtype, reference)]
            except Exception:  # some sample functions index as if S were 5
                continue
    set_sizes(DEFAULT_SIZES)
    random.shuffle(found)
    seen, small, large = set(), [], []
    for reference, args, kwargs in found:
        key = structure(args, kwargs)
        if key in seen:
            continue
        seen.add(key)
        (small if elements(args) + elements(kwargs) <= MAX_ELEMENTS else large).append((reference, args, kwargs))
    # OpInfo's own samples first: the reference inputs add broadcasting and mixed dtypes
    small.sort(key=lambda s: s[0])
    own = [s[1:] for s in small if not s[0]]
    more = [s[1:] for s in small if s[0]]
    quota = SAMPLES[dtype]
    first = own[: quota - 2] + more[:2]
    rest = own[quota - 2 :] + more[2:]
    return first + rest + sorted((s[1:] for s in large), key=lambda s: elements(s[0]))[:3]


def record_cases(op):
    cases = []
    if op.name in DRAWS:
        return cases
    for dtype, quota in SAMPLES.items():
        if dtype not in op.dtypes:
            continue
        kept = []
        for args, kwargs in samples(op, dtype):
            # its gradient at NaN is one thing in whole vectors and another in what is left of them
            if op.name == "nn.functional.softshrink" and args[0].dtype.is_floating_point and args[0].isnan().any():
                continue
            # PyTorch tells x[(slice,)] from x[slice] by their nodes; brackets with one index are one thing in the mapping
            if op.name == "__getitem__" and len(args) == 2 and isinstance(args[1], slice) and args[1].step is None:
                continue
            if len(kept) >= quota + (1 if dtype == torch.float64 else 0):
                break
            try:
                case = record_case(op, dtype, "sample", args, kwargs)
            except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError) as error:
                print(f"{op.name} {dtype}: {str(error).splitlines()[0][:100]}", file=sys.stderr)
                continue
            if case is None:
                continue
            if kept and case_size(case) > 6 * MAX_ELEMENTS:
                continue
            kept.append((case, args, kwargs))
        cases += [k[0] for k in kept]
        if dtype in (torch.float64, torch.int64):
            cases += record_layouts(op, dtype, [(a, k) for _, a, k in kept])
        if dtype == torch.float64:
            cases += record_special(op, dtype)
    return cases


def case_size(case):
    """Numbers in the record of a case."""
    total = 0
    for value in leaves_of([case]):
        total += isinstance(value, (int, float))
    return total


def record_layouts(op, dtype, kept):
    out = []
    for layout in LAYOUTS:
        if layout == "expanded" and op.name in ORDER_DEPENDENT:
            continue
        # the sample whose tensors have most dimensions shows most of a layout
        rank = lambda s: -max((t.dim() for t in tensors_of([s[0], s[1]])), default=0)
        for args, kwargs in sorted(kept, key=rank)[: 2 if dtype == torch.float64 else 1]:
            if not any(t.dim() for t in tensors_of([args, kwargs])):
                continue
            try:
                case = record_case(op, dtype, layout, args, kwargs)
            except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError) as error:
                print(f"{op.name} {layout}: {str(error).splitlines()[0][:100]}", file=sys.stderr)
                continue
            if case is not None and '"base"' in json.dumps(case):
                out.append(case)
    return out


def record_special(op, dtype):
    """Pointwise functions at nan, infinities, zeros of both signs, tiny and huge numbers."""
    unary = isinstance(op, opinfo_core.UnaryUfuncInfo)
    if not unary and not isinstance(op, opinfo_core.BinaryUfuncInfo):
        return []
    leaf = lambda values: torch.tensor(values, dtype=dtype).requires_grad_(op.supports_autograd)
    pairs = list(itertools.product(SPECIAL_PAIRS, SPECIAL_PAIRS))
    args = [leaf(SPECIAL)] if unary else [leaf([a for a, _ in pairs]), leaf([b for _, b in pairs])]
    kwargs = {"rounding_mode": {"floor_rounding": "floor", "trunc_rounding": "trunc"}[op.variant_test_name]} if "rounding" in op.variant_test_name and "no_" not in op.variant_test_name else {}
    decimals = {"decimals_0": 0, "decimals_3": 3, "decimals_neg_3": -3}.get(op.variant_test_name)
    if decimals is not None:
        kwargs["decimals"] = decimals
    try:
        case = record_case(op, dtype, "special", args, kwargs)
    except (RuntimeError, TypeError) as error:
        print(f"{op.name} special: {str(error).splitlines()[0][:100]}", file=sys.stderr)
        return []
    return [case] if case else []


def record_errors(op):
    errors, seen = [], set()
    if op.error_inputs_func is None:
        return []
    torch.use_deterministic_algorithms(True, warn_only=True)  # so that torch.empty is nan and not what memory held
    error_inputs = list(op.error_inputs("cpu", set_seed=False))
    torch.use_deterministic_algorithms(False)
    for error_input in error_inputs:
        sample = error_input.sample_input
        args, kwargs = [sample.input, *sample.args], sample.kwargs
        tensors = tensors_of([args, kwargs])
        places = [t.untyped_storage().data_ptr() for t in tensors if t.layout == torch.strided and t.device.type == "cpu" and t.numel()]
        shared = sorted({p for p in places if places.count(p) > 1})
        if len({id(t) for t in tensors if not t.numel()}) < sum(not t.numel() for t in tensors):
            continue  # one empty tensor in two places, which a recording cannot tell from two
        try:
            record = {"args": encode(args, shared), "kwargs": {k: encode(v, shared) for k, v in kwargs.items()}}
        except Unrecordable:
            continue
        if takes_integral_float(args, kwargs) or elements([args, kwargs]) > 2 * MAX_ELEMENTS:
            continue
        try:
            op(*args, **kwargs)
            continue
        except Exception as error:
            record["error"] = {"type": type(error).__name__, "message": str(error)}
        key = json.dumps([record["error"], structure(args, kwargs)])
        if key not in seen:
            seen.add(key)
            errors.append(record)
    return errors


def main():
    if os.environ.get("PYTHONHASHSEED") != "0":  # some sample functions iterate over sets
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, alarm)
    torch.set_num_threads(1)
    if "--few" in sys.argv:
        SAMPLES.update({torch.float64: 4, torch.float32: 1, torch.int64: 1, torch.bool: 1})
    names = (Path(__file__).parent / sys.argv[1]).read_text().split()
    database = {op.name + ("." + op.variant_test_name if op.variant_test_name else ""): op for op in invocations.op_db}
    recording = {}
    for number, name in enumerate(names):
        op = database[name]
        if name == "__getitem__":  # the indices as further arguments: JSON has no tuples to tell from lists
            op.op = lambda x, *indices: x[indices]
        for generator in (torch.manual_seed, random.seed, np.random.seed):
            generator(SEED + number)
        entry = {"op": op.name, "variant": op.variant_test_name}
        entry["cases"] = record_cases(op)
        entry["errors"] = record_errors(op)
        recording[name] = entry
        print(f"{name}: {len(entry['cases'])} cases, {len(entry['errors'])} errors", file=sys.stderr)
    text = "{\n" + ",\n".join(f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in recording.items()) + "\n}\n"
    sys.stdout.buffer.write(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
