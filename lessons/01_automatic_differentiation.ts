/**
 * Lesson 1: what a tensor remembers, what backward does with it, and what is left of the graph afterwards.
 *
 * Play it with `deno run lessons/01_automatic_differentiation.ts`.
 */
import * as torch from "../mod.ts";
import { Lesson, print } from "./notebook.ts";
import source from "./01_automatic_differentiation.ts" with { type: "text" };

const lesson = new Lesson("Lesson 1: automatic differentiation", source);

let x: torch.Tensor;
let y: torch.Tensor;
let z: torch.Tensor;
let v: torch.Tensor;
let mean_tensor: torch.Tensor;
let w: torch.Tensor;

const second_backward = "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). " +
  "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). " +
  "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.";

lesson.prose(`
# Autograd

Autograd differentiates programs. While ordinary tensor operations run, it writes down what
was done; afterwards it walks the notes backwards and applies the chain rule.

How to read this: "In [n]" is a cell of the notebook, in Python, with the execution count
that the notebook recorded. "ts" is the same cell in TypeScript, and what follows is what it
prints. "unseen" is something that ran without being in the notebook: its numbers and its
errors show that it did. print is Python's: it writes True where console.log would write
true.

## Tensors

* torch.Tensor is the class that all of this is about.
* A tensor with requires_grad = True is watched: every operation on it is recorded.
* backward() then computes all gradients by itself.
* Recording can be switched off with torch.no_grad(), for instance while a trained network
  is only used.
`);

lesson.cell({
  count: 0,
  python: `
    import torch

    x = torch.ones(2,3, requires_grad=True)
    print(x)
  `,
  run() {
    x = torch.ones(2, 3, { requires_grad: true });
    print(x);
  },
  output: `
    tensor([[1., 1., 1.],
            [1., 1., 1.]], requires_grad=True)
  `,
});

lesson.cell({
  count: 0,
  python: `
    # y = 2x
    y = x*2
    print('operation 1 : ', y)
  `,
  run() {
    // y = 2x
    y = x.mul(2);
    print("operation 1 : ", y);
  },
  output: `
    operation 1 :  tensor([[2., 2., 2.],
            [2., 2., 2.]], grad_fn=<MulBackward0>)
  `,
});

lesson.cell({
  count: 0,
  python: `
    # y = 2x
    # z = 32x^2
    z = y*y*8
    print('operation 2 : ', z)
  `,
  run() {
    // y = 2x
    // z = 32x^2
    z = y.mul(y).mul(8);
    print("operation 2 : ", z);
  },
  output: `
    operation 2 :  tensor([[32., 32., 32.],
            [32., 32., 32.]], grad_fn=<MulBackward0>)
  `,
});

lesson.prose(`
A tensor that was made without requires_grad is not watched, nor is what is computed from
it. requires_grad_(True) switches the watching on from there.
`);

lesson.cell({
  count: 0,
  python: `
    tensor_1 = torch.rand(2,2)
    tensor_1 = ((tensor_1*3)/(tensor_1 -1))
    print(tensor_1.requires_grad)
    tensor_1.requires_grad_(True)
    print(tensor_1.requires_grad)
    tensor_2 = tensor_1+6
    # mean tensor = (32x^2)/6
    mean_tensor = z.mean()

    print(z.mean())
    print(tensor_2.grad_fn)
  `,
  run() {
    let tensor_1 = torch.rand(2, 2);
    tensor_1 = tensor_1.mul(3).div(tensor_1.sub(1));
    print(tensor_1.requires_grad);
    tensor_1.requires_grad_(true);
    print(tensor_1.requires_grad);
    const tensor_2 = tensor_1.add(6);
    // mean tensor = (32x^2)/6
    mean_tensor = z.mean();

    print(z.mean());
    print(tensor_2.grad_fn);
  },
  output: `
    False
    True
    tensor(32., grad_fn=<MeanBackward0>)
    <AddBackward0 object at 0x7ff940cff588>
  `,
});

lesson.prose(`
## backward() and requires_grad

The notebook shows an error under the next cell: "RuntimeError: ignored". Its execution
counts tell why. The cell had been run before, and the second run found a graph whose saved
values the first had freed. PyTorch said at the time:

    RuntimeError: Trying to backward through the graph a second time, but the buffers have already been
    freed. Specify retain_graph=True when calling backward the first time.

PyTorch 2.6 words it as below.
`);

lesson.cell({
  count: 0,
  python: `
    mean_tensor.backward()
  `,
  before() {
    mean_tensor.backward(); // the first run of this very cell
  },
  run() {
    mean_tensor.backward();
  },
  raises: [torch.RuntimeError, second_backward],
});

lesson.prose(`
The failed call reached no leaf: the gradient is that of one backward, 10.6667, and not
twice as much. By hand: the mean of six elements 32 xᵢ² has ∂/∂xᵢ = 64 xᵢ / 6, which is
10.6667 where xᵢ = 1. (The notebook's own comment writes x for the mean as well.)
`);

lesson.cell({
  count: 0,
  python: `
    '''
    Calculating d(x)/dx
    x = 1/6(32*x^2)
    d(x)/dx = 1/6(64*x); x= 1; 64/6; 10.6667
    '''
    x.grad
  `,
  run() {
    /*
    Calculating d(x)/dx
    x = 1/6(32*x^2)
    d(x)/dx = 1/6(64*x); x= 1; 64/6; 10.6667
    */
    return x.grad;
  },
  output: `
    tensor([[10.6667, 10.6667, 10.6667],
            [10.6667, 10.6667, 10.6667]])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => x.mul(2).square().mul(8).mean(),
    closed_form: (x) => 64 * x / 6,
  },
});

lesson.prose(`
# Vector-Jacobian products

The derivative of a function from vectors to vectors is a matrix, the Jacobian J. Autograd
never writes J down: it computes the product vᵀJ for a vector v. That is just what is needed
to hand a gradient that comes from outside to a model whose output is no scalar.

The notebook set no seed, but its digits determine one; a first draw of three numbers was
lost.
`);

lesson.cell({
  count: 3,
  python: `
    import torch
    v = torch.tensor([0.1, 1.0, 0.001], dtype=torch.float)
    x = torch.rand(3, requires_grad=True)
    # y has a non scalar value
    y = x*3
    print(y)
  `,
  before() {
    torch.manual_seed(4176919216);
    torch.rand(3);
  },
  run() {
    v = torch.tensor([0.1, 1.0, 0.001], { dtype: torch.float });
    x = torch.rand(3, { requires_grad: true });
    // y has a non scalar value
    y = x.mul(3);
    print(y);
  },
  output: `
    tensor([0.0686, 0.9892, 2.8836], grad_fn=<MulBackward0>)
  `,
});

lesson.prose(`
y is no scalar, and autograd does not offer the whole Jacobian. It does offer vᵀJ: give v to
backward.

The notebook shows "RuntimeError: ignored" once more, for the same reason: an earlier run of
the cell had freed the graph.
`);

lesson.cell({
  count: 5,
  python: `
    y.backward(v)
    print(x.grad)
  `,
  before() {
    y.backward(v); // the first run of this very cell
  },
  run() {
    y.backward(v);
    print(x.grad);
  },
  raises: [torch.RuntimeError, second_backward],
});

lesson.prose(`
The notebook never shows what the first run left behind. It is v times 3, for J is 3 on its
diagonal.
`);

lesson.aside({
  python: `
    print(x.grad)
  `,
  run() {
    print(x.grad);
  },
  output: `
    tensor([0.3000, 3.0000, 0.0030])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => x.mul(3).dot(torch.tensor([0.1, 1, 0.001], { dtype: torch.float64 })),
    closed_form: (_, i) => 3 * [0.1, 1, 0.001][i],
  },
});

lesson.prose(`
Only nodes that saved something can miss it. The product x*3 saved its factor, so its second
backward fails. A sum saves nothing: a second backward succeeds, and its gradient is added
to the first.
`);

lesson.aside({
  python: `
    w = torch.ones(3, requires_grad=True)
    s = w + 3
    s.backward(v)
    s.backward(v)
    print(w.grad)
  `,
  run() {
    w = torch.ones(3, { requires_grad: true });
    const s = w.add(3);
    s.backward(v);
    s.backward(v);
    print(w.grad);
  },
  output: `
    tensor([0.2000, 2.0000, 0.0020])
  `,
  gradient: {
    leaf: () => w,
    scalar: (w) => w.add(3).dot(torch.tensor([0.1, 1, 0.001], { dtype: torch.float64 })).mul(2),
    closed_form: (_, i) => 2 * [0.1, 1, 0.001][i],
  },
});

lesson.prose(`
## torch.no_grad() and detach()

Inside torch.no_grad() nothing is recorded, although x still has requires_grad = True.
`);

lesson.cell({
  count: 6,
  python: `
    print(x.requires_grad)
    print((x ** 2).requires_grad)

    with torch.no_grad():
      print((x ** 2).requires_grad)
  `,
  run() {
    print(x.requires_grad);
    print(x.pow(2).requires_grad);

    torch.no_grad(() => {
      print(x.pow(2).requires_grad);
    });
  },
  output: `
    True
    True
    False
  `,
});

lesson.prose(`
detach() gives a tensor with the same content that is not watched.
`);

lesson.cell({
  count: 7,
  python: `
    print(x.requires_grad)
    y = x.detach()
    print(y.requires_grad)
  `,
  run() {
    print(x.requires_grad);
    y = x.detach();
    print(y.requires_grad);
  },
  output: `
    True
    False
  `,
});

lesson.open(import.meta.main);
