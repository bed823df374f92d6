/**
 * Functions of linear algebra that have been superseded, and those that are gone and say what to use instead.
 */
import { RuntimeError } from "../errors.ts";
import { type NamedTuple, namedTuple } from "../named_tuple.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { linalg_lu_factor_ex } from "./decompose_lu.ts";
import type { Args, IsMethod } from "./define.ts";
import { pythonFunction } from "./python_function.ts";
import { writeOuts } from "./selection.ts";

/** Named arguments of `lu`. */
export interface LuLegacyOptions {
  /** Always true: rows are exchanged. */
  pivot?: boolean;
  /** Whether the failures are wanted too. */
  get_infos?: boolean;
  /** Take the results. */
  out?: readonly Tensor[] | null;
}

/** `lu`: the two factors in one, the pivots and, if asked for, the failures. */
export interface LuLegacy extends IsMethod {
  /** The matrices, and options. */
  (A: Tensor, ...args: Args<LuLegacyOptions, [pivot?: boolean, get_infos?: boolean]>): Tensor[] | NamedTuple<"LU" | "pivots" | "info">;
}

interface LuInputs {
  A: Tensor;
  pivot: boolean;
  get_infos: boolean;
  out: readonly Tensor[] | null;
}

function factored({ A, pivot }: LuInputs): Tensor[] {
  warnOnce(
    "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future PyTorch release.\n" +
      "LU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\nLU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n" +
      "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\nLU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)",
  );
  return [...linalg_lu_factor_ex(A, { pivot })];
}

const luFunction = pythonFunction<(...args: never[]) => unknown, LuInputs>("lu", ["A"], { pivot: true, get_infos: false, out: null }, (inputs) => {
  const all = factored(inputs), { get_infos, out, A } = inputs;
  if (out !== null) return writeOuts("lu", { A }, out, get_infos ? all : all.slice(0, 2));
  return get_infos ? namedTuple("_lu_with_info", ["LU", "pivots", "info"], all) : all.slice(0, 2);
});

const luMethod = pythonFunction<(...args: never[]) => unknown, LuInputs>("lu", ["A"], { pivot: true, get_infos: false }, (inputs) => {
  const all = factored(inputs);
  return inputs.get_infos ? all : all.slice(0, 2);
});

/** L and U in one matrix and the rows that were exchanged. Superseded by `linalg.lu_factor`. */
export const lu: LuLegacy = Object.assign(luFunction, { asMethod: luMethod }) as LuLegacy;

/** A function that is gone: calling it is PyTorch's error, which says what to use instead. */
export type Removed = ((...args: unknown[]) => never) & IsMethod;

function removed(name: string, required: readonly string[], advice: string): Removed {
  const f = (...args: unknown[]): never => {
    const absent = required.slice(args.length);
    if (absent.length > 0) {
      const names = absent.map((n) => `'${n}'`).join(" and ");
      throw new TypeError(`${name}() missing ${absent.length} required positional argument${absent.length === 1 ? "" : "s"}: ${names}`);
    }
    throw new RuntimeError(`This function was deprecated since version 1.9 and is now removed.${advice}`);
  };
  Object.defineProperty(f, "name", { value: name });
  return Object.assign(f, { asMethod: f }) as Removed;
}

/** Gone: use `linalg.solve`. */
export const solve: Removed = removed(
  "solve",
  ["input", "A"],
  " `torch.solve` is deprecated in favor of `torch.linalg.solve`. `torch.linalg.solve` has its arguments reversed and does not return the LU factorization.\n\n" +
    "To get the LU factorization see `torch.lu`, which can be used with `torch.lu_solve` or `torch.lu_unpack`.\n" +
    "X = torch.solve(B, A).solution should be replaced with:\nX = torch.linalg.solve(A, B)",
);

/** Gone: eigenvalues of general matrices are complex numbers. */
export const eig: Removed = removed(
  "eig",
  ["self"],
  " `torch.linalg.eig` returns complex tensors of dtype `cfloat` or `cdouble` rather than real tensors mimicking complex tensors.\n\n" +
    "L, _ = torch.eig(A) should be replaced with:\nL_complex = torch.linalg.eigvals(A)\n\nand\n\n" +
    "L, V = torch.eig(A, eigenvectors=True) should be replaced with:\nL_complex, V_complex = torch.linalg.eig(A)",
);

/** Gone: use `linalg.eigh` or `linalg.eigvalsh`. */
export const symeig: Removed = removed(
  "symeig",
  ["input"],
  " The default behavior has changed from using the upper triangular portion of the matrix by default to using the lower triangular portion.\n\n" +
    "L, _ = torch.symeig(A, upper=upper) should be replaced with:\nL = torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L')\n\nand\n\n" +
    "L, V = torch.symeig(A, eigenvectors=True) should be replaced with:\nL, V = torch.linalg.eigh(A, UPLO='U' if upper else 'L')",
);

/** Gone: use `linalg.lstsq`. */
export const lstsq: Removed = removed(
  "lstsq",
  ["input", "A"],
  " `torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.\n" +
    "`torch.linalg.lstsq` has reversed arguments and does not return the QR decomposition in the returned tuple (although it returns other information about the problem).\n\n" +
    "To get the QR decomposition consider using `torch.linalg.qr`.\n\n" +
    "The returned solution in `torch.lstsq` stored the residuals of the solution in the last m - n columns of the returned value whenever m > n. " +
    "In torch.linalg.lstsq, the residuals are in the field 'residuals' of the returned named tuple.\n\nThe unpacking of the solution, as in\n" +
    "X, _ = torch.lstsq(B, A).solution[:A.size(1)]\nshould be replaced with:\nX = torch.linalg.lstsq(A, B).solution",
);

/** Gone: use `linalg.matrix_rank`. */
export const matrix_rank: Removed = removed(
  "matrix_rank",
  ["input"],
  "\nPlease use the `torch.linalg.matrix_rank` function instead. The parameter 'symmetric' was renamed in `torch.linalg.matrix_rank()` to 'hermitian'.",
);
