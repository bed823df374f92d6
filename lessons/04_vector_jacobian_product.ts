/**
 * Lesson 4: the graph that requires_grad builds, what happens without it, and the vector that a vector's backward needs.
 *
 * Play it with `deno run lessons/04_vector_jacobian_product.ts`.
 */
import * as torch from "../mod.ts";
import { Lesson, print } from "./notebook.ts";
import source from "./04_vector_jacobian_product.ts" with { type: "text" };

const lesson = new Lesson("Lesson 4: the vector-Jacobian product", source);

let x: torch.Tensor;
let y: torch.Tensor;
let z: torch.Tensor;

lesson.prose(`
# Gradients with autograd

### Optimising a model takes gradients
### The autograd package computes them all
### What is left to learn is how it does that
`);

lesson.cell({
  count: 2,
  python: `
    import torch
  `,
  run() {
    // import * as torch from "../mod.ts"; stands at the head of this file.
  },
});

lesson.prose(`
The notebook set no seed, but its digits determine one.
`);

lesson.cell({
  count: 3,
  python: `
    x = torch.randn(3)
    print('tensor', x)
  `,
  before() {
    torch.manual_seed(1028926640);
  },
  run() {
    x = torch.randn(3);
    print("tensor", x);
  },
  output: `
    tensor tensor([-0.2404,  0.1262, -0.8172])
  `,
});

lesson.cell({
  count: 4,
  python: `
    # WE we want to calculate gradient of x, we must specify an argument
    x = torch.randn(3, requires_grad = True)   #default its False
    print(x)                                    
    # Now whenever we do computations with this tensor, pytorch creates a Computational graph to trace back
  `,
  run() {
    // If we want the gradient with respect to x, we must say so
    x = torch.randn(3, { requires_grad: true }); // it is false by default
    print(x);
    // From now on every computation with this tensor adds to a graph that can be followed back
  },
  output: `
    tensor([ 0.5869, -0.5716,  0.5889], requires_grad=True)
  `,
});

lesson.cell({
  count: 5,
  python: `
    y = x + 2         #This creates a computational graph with input x & 2, with additional '+' node
    print(y)          # In backword pass it calculates gradient w.r.t input x i.e, dy/dx
  `,
  run() {
    y = x.add(2); // the graph now has a node '+' with the inputs x and 2
    print(y); // backward will give the gradient with respect to x, dy/dx
  },
  output: `
    tensor([2.5869, 1.4284, 2.5889], grad_fn=<AddBackward0>)
  `,
});

lesson.prose(`
The four printed digits of x do not suffice for the next line: with 0.5869 in place of the
number behind it, the first element would be 13.3841.
`);

lesson.cell({
  count: 6,
  python: `
    z = y*y*2
    print(z)     # MulBackward
  `,
  run() {
    z = y.mul(y).mul(2);
    print(z); // MulBackward
  },
  output: `
    tensor([13.3843,  4.0808, 13.4046], grad_fn=<MulBackward0>)
  `,
});

lesson.cell({
  count: 7,
  python: `
    z = z.mean()
    print(z)     # MeanBackward
  `,
  run() {
    z = z.mean();
    print(z); // MeanBackward
  },
  output: `
    tensor(10.2899, grad_fn=<MeanBackward0>)
  `,
});

lesson.prose(`
By hand: z = ⅓ Σ 2 (xᵢ + 2)², so ∂z/∂xᵢ = 4/3 (xᵢ + 2).
`);

lesson.cell({
  count: 8,
  python: `
    # Now to calculate gradient of z wrt input, We Must Call 'backward()'
    z.backward()
    # Then x gets a .grad attribute where gradients are stored
    print(x.grad)
  `,
  run() {
    // To get the gradient of z with respect to the input, call backward()
    z.backward();
    // The gradient is then in x.grad
    print(x.grad);
  },
  output: `
    tensor([3.4492, 1.9046, 3.4518])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => x.add(2).square().mul(2).mean(),
    closed_form: (x) => 4 / 3 * (x + 2),
  },
});

lesson.prose(`
### Without requires_grad
`);

lesson.cell({
  count: 9,
  python: `
    x = torch.randn(4)
    print(x)
  `,
  run() {
    x = torch.randn(4);
    print(x);
  },
  output: `
    tensor([ 0.0513,  0.6298, -0.5112, -1.4634])
  `,
});

lesson.cell({
  count: 10,
  python: `
    y = x + 2
    print(y)

    z = y*y*2
    z = z.mean()
    print(z)         # Here the tensors printed doesn't show the grad attribute
  `,
  run() {
    y = x.add(2);
    print(y);

    z = y.mul(y).mul(2);
    z = z.mean();
    print(z); // these tensors show no grad_fn
  },
  output: `
    tensor([2.0513, 2.6298, 1.4888, 0.5366])
    tensor(6.8141)
  `,
});

lesson.cell({
  count: 11,
  python: `
    # Now if we call backward function, it will throw error
    z.backward()
  `,
  run() {
    // Calling backward is an error now
    z.backward();
  },
  raises: [torch.RuntimeError, "element 0 of tensors does not require grad and does not have a grad_fn"],
});

lesson.cell({
  count: 13,
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
### The product behind it

Backward multiplies a vector with the Jacobian, the matrix of all partial derivatives
∂zⱼ/∂xᵢ, and that product is the final gradient. The notebook writes J·v; it is vᵀJ, for the
vector has an element for each output.

### This is the chain rule

Three draws of four numbers were lost before the next cell: it had been run before.
`);

lesson.cell({
  count: 26,
  python: `
    # So, in the case without argument, since z is Scalar value,
    # So, for z with more than 1 value in a tensor
    x = torch.randn(4, requires_grad = True)        # Will get error if this argument is not added for getting x.grad
    y = x + 2

    z = y*y*2
    print(z)
    # z.backward()    # if we are calling backword here, will get error, that graad can be implicitly created only for scalar outputs
  `,
  before() {
    for (let i = 0; i < 3; i++) torch.randn(4);
  },
  run() {
    // So far backward needed no argument, since z was a scalar.
    // Now z has more than one element.
    x = torch.randn(4, { requires_grad: true }); // without this there would be no x.grad
    y = x.add(2);

    z = y.mul(y).mul(2);
    print(z);
    // z.backward();    // here this is an error: grad can be implicitly created only for scalar outputs
  },
  output: `
    tensor([ 9.1455, 10.3762,  7.0459,  3.8843], grad_fn=<MulBackward0>)
  `,
});

lesson.prose(`
The line that the notebook commented out, run:
`);

lesson.aside({
  python: `
    z.backward()
  `,
  run() {
    z.backward();
  },
  raises: [torch.RuntimeError, "grad can be implicitly created only for scalar outputs"],
});

lesson.prose(`
The graph is unharmed. By hand: zᵢ = 2 (xᵢ + 2)², so J is diagonal, with 4 (xᵢ + 2), and vᵀJ
is 4 (xᵢ + 2) vᵢ.
`);

lesson.cell({
  count: 27,
  python: `
    # So in such a case we have to give a gradient argument, create a some random vector of same size
    v = torch.tensor([0.1, 1.0, 0.01, 1.01], dtype=torch.float32)
    # Now pass this vector to backward function
    z.backward(v)         # if input to backward is not Scalar, then we must multiply a vector'v', to get grad
    print(x.grad)        
  `,
  run() {
    // In such a case backward needs an argument: some vector of the same size
    const v = torch.tensor([0.1, 1.0, 0.01, 1.01], { dtype: torch.float32 });
    // Pass this vector to backward
    z.backward(v); // z is no scalar, so a vector v must be multiplied with the Jacobian
    print(x.grad);
  },
  output: `
    tensor([0.8554, 9.1109, 0.0751, 5.6302])
  `,
  gradient: {
    leaf: () => x,
    scalar: (x) => x.add(2).square().mul(2).dot(torch.tensor([0.1, 1, 0.01, 1.01], { dtype: torch.float64 })),
    closed_form: (x, i) => 4 * (x + 2) * [0.1, 1, 0.01, 1.01][i],
  },
});

lesson.open(import.meta.main);
