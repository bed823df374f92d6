/**
 * Lesson 5: from a loss to its gradient, and two ways to leave a computation out of the graph.
 *
 * Play it with `deno run lessons/05_loss_and_detach.ts`.
 */
import * as torch from "../mod.ts";
import { Lesson, print } from "./notebook.ts";
import source from "./05_loss_and_detach.ts" with { type: "text" };

const lesson = new Lesson("Lesson 5: a loss, its gradient, and detach", source);

let x: torch.Tensor;
let loss: torch.Tensor;
let a: torch.Tensor;
let b: torch.Tensor;
let c: torch.Tensor;

lesson.prose(`
# The autograd module

torch.autograd differentiates automatically; the training of neural networks runs on it.

A neural network is functions within functions, applied to data. Its parameters, weights and
biases, are tensors. Training goes in two steps:

Forward propagation: the network makes its best guess, passing the data through each of its
functions.

Backward propagation: the parameters are adjusted in proportion to the error of the guess.
Going backwards from the output, the derivatives of the error with respect to the parameters
are collected, and gradient descent does the rest.

This notebook ends many cells with a bare expression. Its value is echoed; here a cell
returns it.
`);

lesson.cell({
  count: 15,
  python: `
    import torch
  `,
  run() {
    // import * as torch from "../mod.ts"; stands at the head of this file.
  },
});

lesson.cell({
  count: 16,
  python: `
    x = torch.tensor([-1.2365, 1.8245, -1.0701, 0.0869, -0.0376])
  `,
  run() {
    x = torch.tensor([-1.2365, 1.8245, -1.0701, 0.0869, -0.0376]);
  },
});

lesson.cell({
  count: 17,
  python: `
    loss = x**2 -5
  `,
  run() {
    loss = x.pow(2).sub(5);
  },
});

lesson.cell({
  count: 18,
  python: `
    loss
  `,
  run() {
    return loss;
  },
  output: `
    tensor([-3.4711, -1.6712, -3.8549, -4.9924, -4.9986])
  `,
});

lesson.prose(`
The loss function was applied to x element by element: an input, an output, so this is the
forward step.

For gradients the tensor has to be made with requires_grad = True:
`);

lesson.cell({
  count: 19,
  python: `
    x = torch.tensor([-1.2365, 1.8245, -1.0701, 0.0869, -0.0376], requires_grad=True)
  `,
  run() {
    x = torch.tensor([-1.2365, 1.8245, -1.0701, 0.0869, -0.0376], { requires_grad: true });
  },
});

lesson.prose(`
Now each operation on the tensor is recorded in the computational graph.

The graph is dynamic: an operation on a tensor runs, and is recorded, the moment it is
written. The notebook contrasts this with the static graphs of TensorFlow, which are built
first and run later.
`);

lesson.cell({
  count: 20,
  python: `
    loss = x**2 -5
  `,
  run() {
    loss = x.pow(2).sub(5);
  },
});

lesson.cell({
  count: 21,
  python: `
    loss
  `,
  run() {
    return loss;
  },
  output: `
    tensor([-3.4711, -1.6712, -3.8549, -4.9924, -4.9986], grad_fn=<SubBackward0>)
  `,
});

lesson.prose(`
A notebook writes an echoed node without the word "object"; print would have it.
`);

lesson.cell({
  count: 22,
  python: `
    loss.grad_fn
  `,
  run() {
    return loss.grad_fn;
  },
  output: `
    <SubBackward0 at 0x24100f72d00>
  `,
});

lesson.prose(`
backward computes the gradients. The loss is no scalar, so backward needs the argument
gradient, a tensor of the shape of x (which is the shape of the loss here).
`);

lesson.cell({
  count: 23,
  python: `
    loss.backward(gradient=torch.ones(5))
  `,
  run() {
    loss.backward({ gradient: torch.ones(5) });
  },
});

lesson.prose(`
That was the vector-Jacobian product. The gradient with respect to x, made of the partial
derivatives by the elements of x, has been accumulated in the attribute grad.
`);

lesson.cell({
  count: 24,
  python: `
    x.grad
  `,
  run() {
    return x.grad;
  },
  output: `
    tensor([-2.4730,  3.6490, -2.1402,  0.1738, -0.0752])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => x.pow(2).sub(5).sum(),
    closed_form: (x) => 2 * x,
  },
});

lesson.prose(`
Algebra says whether this is right. The derivative of the loss with respect to x is ∂(x² -
5)/∂x = 2x:
`);

lesson.cell({
  count: 25,
  python: `
    2 * x
  `,
  run() {
    return x.mul(2);
  },
  output: `
    tensor([-2.4730,  3.6490, -2.1402,  0.1738, -0.0752], grad_fn=<MulBackward0>)
  `,
});

lesson.prose(`
The operations on tensors, and the tensors that come of them, form a directed acyclic graph.
Its leaves are the inputs and its roots the outputs.

To keep it all is useful, but not always wanted: inputs may be large and the graph
intricate, and some steps have no business in it. When a network is trained, the update of
its weights should not be differentiated. There are several ways to keep a computation out
of the graph; here are two.

## detach

detach() makes a tensor with the same values that needs no gradient, so a loss computed from
it has no gradient function in the graph. (The notebook's random numbers are not printed;
these are those of seed 0.)
`);

lesson.cell({
  count: 26,
  python: `
    a = torch.rand(2,2, requires_grad=True)
  `,
  before() {
    torch.manual_seed(0);
  },
  run() {
    a = torch.rand(2, 2, { requires_grad: true });
  },
});

lesson.cell({
  count: 27,
  python: `
    a.requires_grad
  `,
  run() {
    return a.requires_grad;
  },
  output: `
    True
  `,
});

lesson.cell({
  count: 28,
  python: `
    b = a.detach()
  `,
  run() {
    b = a.detach();
  },
});

lesson.cell({
  count: 29,
  python: `
    b.requires_grad
  `,
  run() {
    return b.requires_grad;
  },
  output: `
    False
  `,
});

lesson.prose(`
The notebook does not say that "the same values" are the same memory: what is written to b
is written to a.
`);

lesson.aside({
  python: `
    print(a)
    b[0, 0] = 5.
    print(a)
  `,
  run() {
    print(a);
    b.index_put_([0, 0], 5);
    print(a);
  },
  output: `
    tensor([[0.4963, 0.7682],
            [0.0885, 0.1320]], requires_grad=True)
    tensor([[5.0000, 0.7682],
            [0.0885, 0.1320]], requires_grad=True)
  `,
});

lesson.prose(`
## A wrapper around the code
`);

lesson.cell({
  count: 30,
  python: `
    c = torch.rand(2,2, requires_grad=True)
  `,
  run() {
    c = torch.rand(2, 2, { requires_grad: true });
  },
});

lesson.cell({
  count: 31,
  python: `
    with torch.no_grad():
        loss =c ** 2
        print(loss.requires_grad)
  `,
  run() {
    torch.no_grad(() => {
      loss = c.pow(2);
      print(loss.requires_grad);
    });
  },
  output: `
    False
  `,
});

lesson.open(import.meta.main);
