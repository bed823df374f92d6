/**
 * Lesson 3: the notebook of PyTorch's early days, when a tensor had to be wrapped in a Variable; what of it is still true, and its exercise.
 *
 * Play it with `deno run lessons/03_variable.ts`.
 */
import * as torch from "../mod.ts";
import { Lesson, print } from "./notebook.ts";
import source from "./03_variable.ts" with { type: "text" };

const lesson = new Lesson("Lesson 3: Variable", source);

const { Variable } = torch.autograd;
let x: torch.Tensor;
let y: torch.Tensor;
let z: torch.Tensor;
let out: torch.Tensor;
let gradients: torch.Tensor;
let t: torch.Tensor;
let features: torch.Tensor;
let weight: torch.Tensor;

const scalar_outputs = "grad can be implicitly created only for scalar outputs";

lesson.prose(`
This notebook was written for an early PyTorch and never run, so it has no execution counts
and no outputs. What follows each cell here is what PyTorch 2.6 prints. Three of its
sentences have since become untrue; each is repeated where it stands, and shown to be
untrue.
`);

lesson.cell({
  count: null,
  python: `
    from __future__ import print_function
    %matplotlib inline
  `,
  run() {
    // Nothing to do: one line is for Python 2, the other for plots.
  },
});

lesson.prose(`
# Autograd: automatic differentiation

Neural networks in PyTorch rest on the autograd package; training comes later,
differentiation first.

Autograd differentiates every operation on tensors. It is define-by-run: backward follows
what the code really did, so each iteration may do something else. Theano and TensorFlow,
which the notebook contrasts it with, fixed the graph before anything ran.

## Variable

autograd.Variable used to be the central class: it wrapped a tensor and had nearly all of
its operations. A computation ended with backward(), which worked out every gradient. The
raw tensor was in data, the gradient with respect to the variable was accumulated in grad.
In PyTorch 2.6 a Variable is a Tensor.

The other class that matters is Function. Variables and Functions are linked into a graph
without cycles that holds the whole history of a computation: a variable's grad_fn is the
Function that made it, and it is None for a variable that the user made.

backward takes the gradient of some scalar with respect to the outputs and computes the
gradient of the same scalar with respect to the inputs.

Untrue, 1: "If the tensor is terminal, i.e. there is nothing downstream, backward needs no
argument; otherwise it needs a grad_output of matching shape." What counts is whether the
tensor is a scalar; see below.
`);

lesson.cell({
  count: null,
  python: `
    import torch
    from torch.autograd import Variable
  `,
  run() {
    // import * as torch from "../mod.ts"; stands at the head of this file, and after it
    // const { Variable } = torch.autograd;
  },
});

lesson.prose(`
Make a variable:
`);

lesson.cell({
  count: null,
  python: `
    x = Variable(torch.ones(2, 2), requires_grad=True)
    print(x)
  `,
  run() {
    x = Variable(torch.ones(2, 2), { requires_grad: true });
    print(x);
  },
  output: `
    tensor([[1., 1.],
            [1., 1.]], requires_grad=True)
  `,
});

lesson.prose(`
Compute something with it:
`);

lesson.cell({
  count: null,
  python: `
    y = x + 2
    print(y)
  `,
  run() {
    y = x.add(2);
    print(y);
  },
  output: `
    tensor([[3., 3.],
            [3., 3.]], grad_fn=<AddBackward0>)
  `,
});

lesson.prose(`
y is terminal now: nothing is downstream of it. It needs an argument all the same, for it is
no scalar.
`);

lesson.aside({
  python: `
    y.backward()
  `,
  run() {
    y.backward();
  },
  raises: [torch.RuntimeError, scalar_outputs],
});

lesson.prose(`
And s, a scalar with something downstream, needs none.
`);

lesson.aside({
  python: `
    t = Variable(torch.ones(2), requires_grad=True)
    s = (t * 3).sum()
    u = s * 2
    s.backward()
    print(u.requires_grad, t.grad)
  `,
  run() {
    t = Variable(torch.ones(2), { requires_grad: true });
    const s = t.mul(3).sum();
    const u = s.mul(2);
    s.backward();
    print(u.requires_grad, t.grad);
  },
  output: `
    True tensor([3., 3.])
  `,
  gradient: {
    leaf: () => t,
    scalar: (t) => t.mul(3).sum(),
    closed_form: () => 3,
  },
});

lesson.prose(`
y is the result of an operation, so it has a grad_fn. More operations on y:
`);

lesson.cell({
  count: null,
  python: `
    z = y * y * 3
    out = z.mean()

    print(z, out)
  `,
  run() {
    z = y.mul(y).mul(3);
    out = z.mean();

    print(z, out);
  },
  output: `
    tensor([[27., 27.],
            [27., 27.]], grad_fn=<MulBackward0>) tensor(27., grad_fn=<MeanBackward0>)
  `,
});

lesson.prose(`
## Gradients

Backward starts at out.

Untrue, 2: "out.backward() is equivalent to out.backward(torch.Tensor([1.0]))." out has no
dimension, torch.Tensor([1.0]) has one, and a gradient must have the shape of its output.
`);

lesson.aside({
  python: `
    out.backward(torch.Tensor([1.0]))
  `,
  run() {
    out.backward(torch.Tensor([1.0]));
  },
  raises: [
    torch.RuntimeError,
    "Mismatch in shape: grad_output[0] has a shape of torch.Size([1]) and output[0] has a shape of torch.Size([]).",
  ],
});

lesson.prose(`
The scalar torch.tensor(1.0) is what it is equivalent to. Nothing was lost by the refusal:
`);

lesson.cell({
  count: null,
  python: `
    out.backward()
  `,
  run() {
    out.backward();
  },
});

lesson.prose(`
These are the gradients d(out)/dx:
`);

lesson.cell({
  count: null,
  python: `
    print(x.grad)
  `,
  run() {
    print(x.grad);
  },
  output: `
    tensor([[4.5000, 4.5000],
            [4.5000, 4.5000]])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => x.add(2).square().mul(3).mean(),
    closed_form: (x) => 3 / 2 * (x + 2),
  },
});

lesson.prose(`
Call the variable out "o". It is o = ¼ Σ zᵢ with zᵢ = 3 (xᵢ + 2)², and zᵢ = 27 where xᵢ = 1.
Hence ∂o/∂xᵢ = 3/2 (xᵢ + 2), and where xᵢ = 1 that is 9/2 = 4.5.

Autograd follows loops and conditions as well. The notebook's numbers are unknown, so these
are those of seed 0.
`);

lesson.cell({
  count: null,
  python: `
    x = torch.randn(3)
    x = Variable(x, requires_grad=True)

    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2

    print(y)
  `,
  before() {
    torch.manual_seed(0);
  },
  run() {
    x = torch.randn(3);
    x = Variable(x, { requires_grad: true });

    y = x.mul(2);
    while (y.data.norm().lt(1000).item()) {
      y = y.mul(2);
    }

    print(y);
  },
  output: `
    tensor([  788.9900,  -150.2356, -1115.5402], grad_fn=<MulBackward0>)
  `,
});

lesson.prose(`
Untrue, 3: "The default argument of backward is a vector of ones." There is no such default:
a vector gets none, and the notebook's next cell really needs its argument.
`);

lesson.aside({
  python: `
    y.backward()
  `,
  run() {
    y.backward();
  },
  raises: [torch.RuntimeError, scalar_outputs],
});

lesson.prose(`
With these numbers the loop doubles until y = 512 x, so the gradient is 512 times the
argument. Its smallest element is a ten-thousandth of its largest: PyTorch prints it in
scientific notation.
`);

lesson.cell({
  count: null,
  python: `
    gradients = torch.FloatTensor([0.1, 1.0, 0.0001])
    y.backward(gradients)

    print(x.grad)
  `,
  run() {
    gradients = torch.FloatTensor([0.1, 1.0, 0.0001]);
    y.backward(gradients);

    print(x.grad);
  },
  output: `
    tensor([5.1200e+01, 5.1200e+02, 5.1200e-02])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => {
      let y = x.mul(2);
      while (y.norm().lt(1000).item()) y = y.mul(2);
      return y.dot(torch.tensor([0.1, 1, 0.0001], { dtype: torch.float64 }));
    },
    closed_form: (_, i) => 512 * [0.1, 1, 0.0001][i],
  },
});

lesson.prose(`
An argument is what hands gradients on from above when y is a step on the way to something
else.

## Exercise

requires_grad excludes whole subgraphs from differentiation. If one input of an operation
requires a gradient, so does its output; only if none does, the output does not, and
backward never enters that part of the graph.

* Build a graph in which some variables require a gradient and others do not.
* Why is this important?

## A solution

features is computed from data alone, so it is not part of the graph. loss depends on weight
too, so it is.
`);

lesson.aside({
  python: `
    data = Variable(torch.Tensor([1.0, 2.0, 3.0]))
    weight = Variable(torch.Tensor([0.5, 1.0, 1.5]), requires_grad=True)
    features = data * data
    prediction = features * weight
    print(features.requires_grad, features.grad_fn)
    print(prediction.requires_grad, prediction.grad_fn)
    print(prediction.grad_fn.next_functions[0][0])
    print(prediction.grad_fn.next_functions[1][0])
  `,
  run() {
    const data = Variable(torch.Tensor([1.0, 2.0, 3.0]));
    weight = Variable(torch.Tensor([0.5, 1.0, 1.5]), { requires_grad: true });
    features = data.mul(data);
    const prediction = features.mul(weight);
    print(features.requires_grad, features.grad_fn);
    print(prediction.requires_grad, prediction.grad_fn);
    print(prediction.grad_fn!.next_functions[0][0]);
    print(prediction.grad_fn!.next_functions[1][0]);
  },
  output: `
    False None
    True <MulBackward0 object at 0x7f84a22b6d10>
    None
    <AccumulateGrad object at 0x7f84a22b6d10>
  `,
});

lesson.prose(`
The product has no edge to features (None) and one to weight, where its gradient is
accumulated. Of loss = Σ (featuresᵢ weightᵢ)² the gradient is 2 featuresᵢ² weightᵢ, and it
arrives at weight alone.
`);

lesson.aside({
  python: `
    loss = ((features * weight) ** 2).sum()
    loss.backward()
    print(weight.grad)
  `,
  run() {
    const loss = features.mul(weight).pow(2).sum();
    loss.backward();
    print(weight.grad);
  },
  output: `
    tensor([  1.,  32., 243.])
  `,
  gradient: {
    leaf: () => weight,
    scalar: (weight) => weight.mul(torch.tensor([1, 4, 9], { dtype: torch.float64 })).pow(2).sum(),
    closed_form: (weight, i) => 2 * [1, 4, 9][i] ** 2 * weight,
  },
});

lesson.aside({
  python: `
    print(features.grad)
  `,
  run() {
    print(features.grad);
  },
  output: `
    None
  `,
});

lesson.prose(`
Why it matters: what is excluded costs nothing. No node is made for it, none of its values
is kept for backward, and no gradient is computed that nobody wants. So data never pays for
being data, and layers that were trained already can be frozen while others are trained.
`);

lesson.open(import.meta.main);
