/**
 * Smooth activations, and those made of straight pieces.
 */
import type { Approximation } from "../ops/smooth.ts";
import { sigmoid, tanh } from "../ops/transcendental.ts";
import type { Tensor } from "../tensor.ts";
import { constructorOf, float, type Given, inplaceText, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

type Inplace = { inplace: boolean };
const onlyInplace = (inplace: boolean): string => inplaceText(inplace).slice(2);

/** The logistic function 1 / (1 + e^-x). */
export class Sigmoid extends Module {
  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** The hyperbolic tangent. */
export class Tanh extends Module {
  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** log(sigmoid(x)), without overflow. */
export class LogSigmoid extends Module {
  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/** x - tanh(x). */
export class Tanhshrink extends Module {
  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

const readHardsigmoid = constructorOf<Inplace>("Hardsigmoid", [], { inplace: false });

/** min(max(x + 3, 0), 6) / 6. */
export class Hardsigmoid extends Module {
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `inplace` (false). */
  constructor(...args: Given<Hardsigmoid, "inplace">) {
    super();
    this.inplace = readHardsigmoid(args).inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, this.inplace);
  }
}

const readHardswish = constructorOf<Inplace>("Hardswish", [], { inplace: false });

/** x hardsigmoid(x). */
export class Hardswish extends Module {
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `inplace` (false). */
  constructor(...args: Given<Hardswish, "inplace">) {
    super();
    this.inplace = readHardswish(args).inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.hardswish(input, this.inplace);
  }
}

const readSiLU = constructorOf<Inplace>("SiLU", [], { inplace: false });

/** x sigmoid(x). */
export class SiLU extends Module {
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `inplace` (false). */
  constructor(...args: Given<SiLU, "inplace">) {
    super();
    this.inplace = readSiLU(args).inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }

  /** `inplace=True`, or nothing. */
  override extra_repr(): string {
    return onlyInplace(this.inplace);
  }
}

const readMish = constructorOf<Inplace>("Mish", [], { inplace: false });

/** x tanh(softplus(x)). */
export class Mish extends Module {
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `inplace` (false). */
  constructor(...args: Given<Mish, "inplace">) {
    super();
    this.inplace = readMish(args).inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.mish(input, this.inplace);
  }

  /** `inplace=True`, or nothing. */
  override extra_repr(): string {
    return onlyInplace(this.inplace);
  }
}

const readGELU = constructorOf<{ approximate: Approximation }>("GELU", [], { approximate: "none" });

/** x times the probability that a standard normal number is below x (Hendrycks and Gimpel, 2016). */
export class GELU extends Module {
  /** `"none"`, or `"tanh"` for a formula without the error function. */
  approximate: Approximation;

  /** Takes `approximate` ("none"). */
  constructor(...args: Given<GELU, "approximate">) {
    super();
    this.approximate = readGELU(args).approximate;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }

  /** `approximate='none'`. */
  override extra_repr(): string {
    return `approximate=${python(this.approximate)}`;
  }
}

const readGLU = constructorOf<{ dim: number }>("GLU", [], { dim: -1 });

/** a sigmoid(b), where a and b are the halves of x (Dauphin et al., 2016). */
export class GLU extends Module {
  /** The dimension that is halved. */
  dim: number;

  /** Takes `dim` (-1). */
  constructor(...args: Given<GLU, "dim">) {
    super();
    this.dim = readGLU(args).dim;
  }

  /** (..., 2n, ...) to (..., n, ...). */
  override forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }

  /** `dim=-1`. */
  override extra_repr(): string {
    return `dim=${this.dim}`;
  }
}

const readSoftplus = constructorOf<{ beta: number; threshold: number }>("Softplus", [], { beta: 1, threshold: 20 });

/** log(1 + e^(beta x)) / beta; x itself where beta x is beyond the threshold. */
export class Softplus extends Module {
  /** How sharply it bends. */
  beta: number;
  /** Beyond what it is x. */
  threshold: number;

  /** Takes `beta` (1), `threshold` (20). */
  constructor(...args: Given<Softplus, "beta" | "threshold">) {
    super();
    const { beta, threshold } = readSoftplus(args);
    this.beta = beta;
    this.threshold = threshold;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  /** `beta=1.0, threshold=20.0`. */
  override extra_repr(): string {
    return `beta=${float(this.beta, 1)}, threshold=${float(this.threshold, 20)}`;
  }
}

const readHardshrink = constructorOf<{ lambd: number }>("Hardshrink", [], { lambd: 0.5 });

/** x beyond ±lambd, else 0. */
export class Hardshrink extends Module {
  /** Where it jumps. */
  lambd: number;

  /** Takes `lambd` (0.5). */
  constructor(...args: Given<Hardshrink, "lambd">) {
    super();
    this.lambd = readHardshrink(args).lambd;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.hardshrink(input, this.lambd);
  }

  /** `0.5`. */
  override extra_repr(): string {
    return python(this.lambd);
  }
}

const readSoftshrink = constructorOf<{ lambd: number }>("Softshrink", [], { lambd: 0.5 });

/** x brought towards 0 by lambd; 0 between ±lambd. */
export class Softshrink extends Module {
  /** How far. */
  lambd: number;

  /** Takes `lambd` (0.5). */
  constructor(...args: Given<Softshrink, "lambd">) {
    super();
    this.lambd = readSoftshrink(args).lambd;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }

  /** `0.5`. */
  override extra_repr(): string {
    return python(this.lambd);
  }
}
