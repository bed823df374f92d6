/**
 * Lesson 2: gradients of scalars and of vectors, and three ways to stay out of the graph.
 *
 * Play it with `deno run lessons/02_gradients.ts`.
 */
import * as torch from "../mod.ts";
import { Lesson, print } from "./notebook.ts";
import source from "./02_gradients.ts" with { type: "text" };

const lesson = new Lesson("Lesson 2: gradients", source);

let x: torch.Tensor;
let y: torch.Tensor;
let z: torch.Tensor;
let out: torch.Tensor;

lesson.prose(`
# Autograd: automatic differentiation

Every operation on tensors can be differentiated by the autograd package.

# Tensors

torch.Tensor is the heart of it. Set requires_grad to True and the tensor's operations are
followed. When the computation is done, backward() works out all gradients; those of a
tensor are added up in its grad attribute.
`);

lesson.cell({
  count: 1,
  python: `
    import torch

    # Create a tensor and set \`requires_grad=True\`to track computation with it
    x = torch.ones(2, 2, requires_grad=True)
    print(x)
  `,
  run() {
    // Create a tensor and set requires_grad: true to track computation with it
    x = torch.ones(2, 2, { requires_grad: true });
    print(x);
  },
  output: `
    tensor([[1., 1.],
            [1., 1.]], requires_grad=True)
  `,
});

lesson.cell({
  count: 2,
  python: `
    # do some operations
    y = x + 2
    print(y)
  `,
  run() {
    // do some operations
    y = x.add(2);
    print(y);
  },
  output: `
    tensor([[3., 3.],
            [3., 3.]], grad_fn=<AddBackward0>)
  `,
});

lesson.prose(`
y came out of an operation, so it has a grad_fn: the node that knows how to differentiate
it. The address in its text is another one in every run.
`);

lesson.cell({
  count: 3,
  python: `
    print(y.grad_fn)
  `,
  run() {
    print(y.grad_fn);
  },
  output: `
    <AddBackward0 object at 0x000001FA9F302408>
  `,
});

lesson.cell({
  count: 4,
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
The notebook set no seed, but its digits determine one. They also tell that the next cell
was run twice: two draws of randn(2, 2) came before the numbers that are printed later.
`);

lesson.cell({
  count: 6,
  python: `
    # 生成tensor时\`requires_grad\`默认为False
    a = torch.randn(2, 2)
    a = ((a * 3) / (a - 1))
    print(a.requires_grad)
    a.requires_grad_(True)  # 修改\`requires_grad\`属性，_后缀代表in-place
    print(a.requires_grad)
    b = (a * a).sum()
    print(b.grad_fn)
  `,
  before() {
    torch.manual_seed(1080786144);
    torch.randn(2, 2);
  },
  run() {
    // requires_grad is false by default when a tensor is made
    let a = torch.randn(2, 2);
    a = a.mul(3).div(a.sub(1));
    print(a.requires_grad);
    a.requires_grad_(true); // changes the attribute requires_grad; the suffix _ stands for in-place
    print(a.requires_grad);
    const b = a.mul(a).sum();
    print(b.grad_fn);
  },
  output: `
    False
    True
    <SumBackward0 object at 0x000001FA9F3BCCC8>
  `,
});

lesson.prose(`
# Gradients

Before backward there is no gradient.
`);

lesson.cell({
  count: 9,
  python: `
    # out.backward()
    print(x.grad)  # before backprop
  `,
  run() {
    // out.backward()
    print(x.grad); // before backprop
  },
  output: `
    None
  `,
});

lesson.prose(`
By hand: out = ¼ Σ 3 (xᵢ + 2)², so ∂out/∂xᵢ = 3/2 (xᵢ + 2), which is 4.5 where xᵢ = 1.
`);

lesson.cell({
  count: 10,
  python: `
    out.backward()
    print(x.grad)  # after backprop
  `,
  run() {
    out.backward();
    print(x.grad); // after backprop
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

lesson.cell({
  count: 11,
  python: `
    x = torch.randn(3, requires_grad=True)

    y = x * 2
  `,
  run() {
    x = torch.randn(3, { requires_grad: true });

    y = x.mul(2);
  },
});

lesson.prose(`
How often this loop runs depends on the numbers in it: the graph is whatever the program
did. With these numbers it doubles ten times, so y = 2048 x.
`);

lesson.cell({
  count: 17,
  python: `
    while y.data.norm() < 1000:
        y = y * 2
    print(y)
  `,
  run() {
    while (y.data.norm().lt(1000).item()) {
      y = y.mul(2);
    }
    print(y);
  },
  output: `
    tensor([-214.0495, -737.4357, 1294.8801], grad_fn=<MulBackward0>)
  `,
});

lesson.cell({
  count: 20,
  python: `
    y.backward()  # y这里不为标量
    print(x.grad)
  `,
  run() {
    y.backward(); // y is no scalar here
    print(x.grad);
  },
  raises: [torch.RuntimeError, "grad can be implicitly created only for scalar outputs"],
});

lesson.prose(`
The refused call did nothing at all: x has no gradient yet, and the graph is still there for
the next cell.
`);

lesson.aside({
  python: `
    print(x.grad)
  `,
  run() {
    print(x.grad);
  },
  output: `
    None
  `,
});

lesson.prose(`
∂(v · y)/∂xᵢ = 2048 vᵢ. The largest of these numbers is a hair less than 1000 times the
smallest in float32, so the printout keeps out of scientific notation, which starts at 1000.
`);

lesson.cell({
  count: 21,
  python: `
    # Now in this case y is no longer a scalar. torch.autograd could not compute 
    # the full Jacobian directly, but if we just want the vector-Jacobian product, 
    # simply pass the vector to backward as argument:
    v = torch.tensor([0.1, 1.0, 0.001], dtype=torch.float)
    y.backward(v)
    print(x.grad)
  `,
  run() {
    // Now in this case y is no longer a scalar. torch.autograd could not compute
    // the full Jacobian directly, but if we just want the vector-Jacobian product,
    // simply pass the vector to backward as argument:
    const v = torch.tensor([0.1, 1.0, 0.001], { dtype: torch.float });
    y.backward(v);
    print(x.grad);
  },
  output: `
    tensor([ 204.8000, 2048.0000,    2.0480])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => {
      let y = x.mul(2);
      while (y.norm().lt(1000).item()) y = y.mul(2);
      return y.dot(torch.tensor([0.1, 1, 0.001], { dtype: torch.float64 }));
    },
    closed_form: (_, i) => 2048 * [0.1, 1, 0.001][i],
  },
});

lesson.prose(`
# Ways to cut autograd short

- Decide for each tensor whether it is watched: tensor.requires_grad_(True), or False.
- Wrap code in torch.no_grad().
- Take detach() of a tensor: the same content, but it needs no gradient.
`);

lesson.cell({
  count: 22,
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

lesson.cell({
  count: 23,
  python: `
    print(x.requires_grad)
    y = x.detach()
    print(y.requires_grad)
    print(x.eq(y).all())
  `,
  run() {
    print(x.requires_grad);
    y = x.detach();
    print(y.requires_grad);
    print(x.eq(y).all());
  },
  output: `
    True
    False
    tensor(True)
  `,
});

lesson.prose(`
# How to use autograd.Function

The notebook ends here, with "to be continued".
`);

lesson.open(import.meta.main);
