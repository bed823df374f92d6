/**
 * Who shares memory with a gradient: nobody that PyTorch does not let share it. Expected values are PyTorch's.
 */
import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

const leaf = () => torch.ones(3, { requires_grad: true });
const weights = () => torch.tensor([1, 2, 3]);

Deno.test("one gradient that flows to two leaves is not shared by them", () => {
  const a = leaf(), b = leaf();
  a.add(b).mul(weights()).sum().backward();
  a.grad!.add_(1);
  assertEquals(`${a.grad} ${b.grad}`, "tensor([2., 3., 4.]) tensor([1., 2., 3.])");
});

Deno.test("a gradient handed on to one leaf and negated for another", () => {
  const a = leaf(), b = leaf();
  a.add(1).sub(b).mul(weights()).sum().backward();
  a.grad!.mul_(5);
  assertEquals(`${a.grad} ${b.grad}`, "tensor([ 5., 10., 15.]) tensor([-1., -2., -3.])");
});

Deno.test("a gradient given by the user is not taken", () => {
  const a = leaf(), v = weights();
  a.add(1).backward(v);
  a.grad!.add_(1);
  assertEquals(`${v} ${a.grad}`, "tensor([1., 2., 3.]) tensor([2., 3., 4.])");
});

Deno.test("what hooks and retain_grad keep is not taken", () => {
  const a = leaf(), y = a.add(1).add(2), seen: torch.Tensor[] = [];
  y.retain_grad();
  a.register_hook((grad) => void seen.push(grad));
  y.add(3).mul(weights()).sum().backward();
  y.grad!.add_(1);
  a.grad!.add_(2);
  assertEquals(`${a.grad} ${y.grad} ${seen[0]}`, "tensor([3., 4., 5.]) tensor([2., 3., 4.]) tensor([1., 2., 3.])");
});

Deno.test("gradients add up where uniform ones, expanded from a single element, meet", () => {
  const a = leaf(), y = a.add(1);
  y.sum().add(y.sum()).add(y.mul(2).sum()).backward();
  assertEquals(String(a.grad), "tensor([4., 4., 4.])");
});
