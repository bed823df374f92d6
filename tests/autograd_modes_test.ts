import { assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { is_multithreading_enabled, set_multithreading_enabled } = torch.autograd;

Deno.test("the switch for threads: a callback, the rest of a block, or for good", () => {
  assertEquals(is_multithreading_enabled(), true);
  assertEquals(set_multithreading_enabled(false, is_multithreading_enabled), false);
  assertEquals(is_multithreading_enabled(), true);
  {
    using _ = set_multithreading_enabled(false);
    assertEquals(is_multithreading_enabled(), false);
    assertEquals(torch.autograd.grad_mode.set_multithreading_enabled({ mode: true })[Symbol.dispose](), undefined);
    assertEquals(is_multithreading_enabled(), false);
  }
  assertEquals(is_multithreading_enabled(), true);
  assertThrows(() => set_multithreading_enabled(false, () => JSON.parse("{")), SyntaxError);
  assertEquals(is_multithreading_enabled(), true);
  set_multithreading_enabled(false);
  assertEquals(is_multithreading_enabled(), false);
  set_multithreading_enabled(true);
});

Deno.test("the switch for threads changes no gradient", () => {
  const x = torch.tensor([1, 2], { requires_grad: true });
  set_multithreading_enabled(false, () => x.pow(3).sum().backward());
  assertEquals(x.grad!.tolist(), [3, 12]); // 3 x^2
});

Deno.test("the switch for threads refuses what is not a boolean, in PyTorch's words", () => {
  const given: [unknown, string][] = [
    ["a", "set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not str"],
    [null, "set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not NoneType"],
    [undefined, "set_multithreading_enabled.__init__() missing 1 required positional argument: 'mode'"],
  ];
  for (const [mode, message] of given) {
    const error = assertThrows(() => set_multithreading_enabled(mode as boolean), TypeError);
    assertEquals((error as Error).message, message);
  }
  assertEquals(is_multithreading_enabled(), true);
});

Deno.test("whether anomaly detection looks for nan", () => {
  assertEquals(torch.is_anomaly_check_nan_enabled(), true);
  torch.autograd.detect_anomaly({ check_nan: false }, () => assertEquals([torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()], [true, false]));
  torch.autograd.set_detect_anomaly(true, false);
  assertEquals(torch.is_anomaly_check_nan_enabled(), false);
  torch.autograd.set_detect_anomaly(false);
  assertEquals([torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()], [false, true]);
});

Deno.test("InplaceFunction is a Function that remembers what it was told", () => {
  class Double extends torch.autograd.function.InplaceFunction {
    static override forward(_ctx: torch.autograd.FunctionCtx, x: torch.Tensor): torch.Tensor {
      return x.mul(2);
    }
    static override backward(_ctx: torch.autograd.FunctionCtx, grad: torch.Tensor): torch.Tensor {
      return grad.mul(2);
    }
  }
  const x = torch.ones(2, { requires_grad: true });
  const y = Double.apply(x);
  assertEquals(String(y), "tensor([2., 2.], grad_fn=<DoubleBackward>)");
  y.sum().backward();
  assertEquals(x.grad!.tolist(), [2, 2]);
  assertEquals([new Double(true).inplace, new Double().inplace], [true, false]);
});
