/** Training programs of the usual kinds print what they print on PyTorch (tests/pytorch/record_training.py), to the letter. */

import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { readRecording } from "./support/recording.ts";
import { type Programs, run } from "./transcripts/program.ts";

const { nn, optim } = torch;
const { lr_scheduler } = optim;
const { DataLoader, TensorDataset, random_split } = torch.utils.data;
const F = nn.functional;
type Tensor = torch.Tensor;

const value = (t: Tensor): number => Number(t.item());
const fixed = (t: Tensor, digits: number): string => value(t).toFixed(digits);

const programs: Programs = {
  linear_regression({ print }) {
    const x = torch.linspace(0, 1, 20).unsqueeze(1);
    const y = x.mul(3).sub(1);
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
    for (let epoch = 0; epoch < 40; epoch++) {
      const loss = new nn.MSELoss().call(model.call(x), y);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      if (epoch % 10 === 0) print(`${epoch} ${fixed(loss, 5)}`);
    }
    print(model.state_dict());
    print(optimizer);
  },

  exclusive_or({ print }) {
    class Net extends nn.Module {
      hidden = new nn.Linear(2, 4);
      output = new nn.Linear(4, 1);

      override forward(x: Tensor): Tensor {
        return torch.sigmoid(this.output.call(torch.tanh(this.hidden.call(x))));
      }
    }
    const net = new Net();
    print(net);
    const x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
    const y = torch.tensor([[0], [1], [1], [0]]);
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.1 });
    for (let i = 0; i < 60; i++) {
      optimizer.zero_grad();
      const loss = new nn.BCELoss().call(net.call(x), y);
      loss.backward();
      optimizer.step();
      if (i % 20 === 0) print(i, loss);
    }
    print(net.call(x).gt(0.5).float());
    for (const [name, p] of net.named_parameters()) print(name, p.shape, p.requires_grad);
  },

  classifier({ print }) {
    const points = torch.randn(60, 2);
    const labels = points.index(torch.slice(), 0).mul(points.index(torch.slice(), 1)).gt(0).long();
    const model = new nn.Sequential(new nn.Linear(2, 16), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(16, 2));
    print(model);
    const criterion = new nn.CrossEntropyLoss();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2, weight_decay: 1e-4 });
    const scheduler = new lr_scheduler.StepLR(optimizer, { step_size: 2, gamma: 0.5 });
    const [train, test] = random_split(new TensorDataset(points, labels), [48, 12]);
    const loader = new DataLoader(train, { batch_size: 16, shuffle: true });
    for (let epoch = 0; epoch < 5; epoch++) {
      model.train();
      let total = 0;
      for (const [x, y] of loader) {
        optimizer.zero_grad();
        const loss = criterion.call(model.call(x), y);
        loss.backward();
        optimizer.step();
        total += value(loss) * x.size(0);
      }
      scheduler.step();
      print(`${epoch} ${(total / train.length).toFixed(4)}`, String(scheduler.get_last_lr()));
    }
    model.eval();
    torch.no_grad(() => {
      const [[x, y]] = new DataLoader(test, { batch_size: 12 });
      print(model.call(x).argmax(1).eq(y).float().mean());
    });
  },

  convolutional({ print }) {
    class Net extends nn.Module {
      conv1 = new nn.Conv2d(1, 4, 3, { padding: 1 });
      conv2 = new nn.Conv2d(4, 8, 3);
      pool = new nn.MaxPool2d(2, 2);
      fc1 = new nn.Linear(8, 10);
      fc2 = new nn.Linear(10, 3);

      override forward(x: Tensor): Tensor {
        x = this.pool.call(F.relu(this.conv1.call(x)));
        x = this.pool.call(F.relu(this.conv2.call(x)));
        x = torch.flatten(x, 1);
        return this.fc2.call(F.relu(this.fc1.call(x)));
      }
    }
    const net = new Net();
    print(net);
    const images = torch.randn(8, 1, 8, 8), labels = torch.randint(0, 3, [8]);
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9 });
    for (let step = 0; step < 6; step++) {
      optimizer.zero_grad();
      const loss = F.cross_entropy(net.call(images), labels);
      loss.backward();
      optimizer.step();
      print(`${step} ${fixed(loss, 4)}`);
    }
    print(net.conv1.bias!.grad);
    print(torch.max(net.call(images), 1).indices);
    print(net.parameters().reduce((n, p) => n + p.numel(), 0));
  },

  residual({ print }) {
    class Block extends nn.Module {
      conv;
      norm;
      relu = new nn.ReLU({ inplace: true });

      constructor(channels: number) {
        super();
        this.conv = new nn.Conv2d(channels, channels, 3, { padding: 1, bias: false });
        this.norm = new nn.BatchNorm2d(channels);
      }

      override forward(x: Tensor): Tensor {
        return this.relu.call(this.norm.call(this.conv.call(x)).add(x));
      }
    }
    const net = new nn.Sequential(
      new nn.Conv2d(1, 4, 1),
      new nn.ModuleList([new Block(4), new Block(4)]).index(1),
      new Block(4),
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.Linear(4, 2),
    );
    for (const m of net.modules()) if (m instanceof nn.Conv2d) nn.init.kaiming_normal_(m.weight, { mode: "fan_out", nonlinearity: "relu" });
    // the relu of a block stands first among its fields
    print(String(net));
    const x = torch.randn(6, 1, 5, 5), y = torch.tensor([0n, 1n, 0n, 1n, 1n, 0n]);
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-3 });
    for (let step = 0; step < 5; step++) {
      optimizer.zero_grad();
      const loss = F.cross_entropy(net.call(x), y);
      loss.backward();
      const norm = nn.utils.clip_grad_norm_(net.parameters(), 1);
      optimizer.step();
      print(`${step} ${fixed(loss, 4)} ${fixed(norm, 4)}`);
    }
    net.eval();
    print(net.call(x));
    print([...net.state_dict().keys()]);
  },

  tagger({ print }) {
    class Tagger extends nn.Module {
      embedding = new nn.Embedding(8, 4);
      lstm = new nn.LSTM(4, 5);
      linear = new nn.Linear(5, 3);

      override forward(words: Tensor): Tensor {
        const n = words.size(0);
        const [out] = this.lstm.call(this.embedding.call(words).view(n, 1, -1));
        return F.log_softmax(this.linear.call(out.view(n, -1)), { dim: 1 });
      }
    }
    const model = new Tagger();
    print(model);
    const words = torch.tensor([0n, 3n, 1n, 5n, 7n]), tags = torch.tensor([0n, 1n, 2n, 0n, 1n]);
    print(model.call(words));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.3 });
    let loss: Tensor | null = null;
    for (let step = 0; step < 30; step++) {
      model.zero_grad();
      loss = new nn.NLLLoss().call(model.call(words), tags);
      loss.backward();
      optimizer.step();
    }
    print(loss);
    print(model.call(words).argmax(1));
  },

  adversaries({ print }) {
    const generator = new nn.Sequential(new nn.Linear(2, 8), new nn.LeakyReLU(0.2), new nn.Linear(8, 1));
    const critic = new nn.Sequential(new nn.Linear(1, 8), new nn.LeakyReLU(0.2), new nn.Linear(8, 1));
    const first = new optim.Adam(generator.parameters(), { lr: 2e-3, betas: [0.5, 0.999] });
    const second = new optim.Adam(critic.parameters(), { lr: 2e-3, betas: [0.5, 0.999] });
    const criterion = new nn.BCEWithLogitsLoss();
    for (let step = 0; step < 13; step++) {
      const real = torch.randn(16, 1).mul(0.5).add(3), noise = torch.randn(16, 2);
      const fake = generator.call(noise);
      const loss = criterion.call(critic.call(real), torch.ones(16, 1)).add(criterion.call(critic.call(fake.detach()), torch.zeros(16, 1)));
      second.zero_grad();
      loss.backward();
      second.step();
      const other = criterion.call(critic.call(fake), torch.ones(16, 1));
      first.zero_grad();
      other.backward();
      first.step();
      if (step % 4 === 0) print(`${step} ${fixed(loss, 4)} ${fixed(other, 4)}`);
    }
  },

  variational({ print }) {
    class Model extends nn.Module {
      encode = new nn.Linear(6, 4);
      mean = new nn.Linear(4, 2);
      scale = new nn.Linear(4, 2);
      decode = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 6), new nn.Sigmoid());

      override forward(x: Tensor): [Tensor, Tensor, Tensor] {
        const h = F.relu(this.encode.call(x));
        const mean = this.mean.call(h), log = this.scale.call(h);
        const z = mean.add(torch.randn_like(mean).mul(torch.exp(log.mul(0.5))));
        return [this.decode.call(z), mean, log];
      }
    }
    const model = new Model(), data = torch.rand(16, 6);
    const optimizer = new optim.RMSprop(model.parameters(), { lr: 5e-3 });
    for (let epoch = 0; epoch < 5; epoch++) {
      const [out, mean, log] = model.call(data);
      const divergence = torch.sum(log.add(1).sub(mean.pow(2)).sub(log.exp())).mul(-0.5);
      const loss = F.binary_cross_entropy(out, data, { reduction: "sum" }).add(divergence);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      print(`${epoch} ${(value(loss) / 16).toFixed(4)}`);
    }
  },

  fine_tuning({ print }) {
    const base = new nn.Sequential(new nn.Linear(4, 6), new nn.ReLU());
    for (const p of base.parameters()) p.requires_grad = false;
    const head = new nn.Linear(6, 2);
    const model = new nn.Sequential(base, head);
    print(model.named_parameters().filter(([, p]) => p.requires_grad).map(([name]) => name));
    const optimizer = new optim.SGD(model.parameters().filter((p) => p.requires_grad), { lr: 0.1, momentum: 0.9 });
    const scheduler = new lr_scheduler.LambdaLR(optimizer, (epoch) => 0.5 ** epoch);
    const x = torch.randn(10, 4), y = torch.randint(0, 2, [10]);
    for (let epoch = 0; epoch < 4; epoch++) {
      optimizer.zero_grad();
      const loss = F.cross_entropy(model.call(x), y);
      loss.backward();
      optimizer.step();
      scheduler.step();
      print(fixed(loss, 4), String(scheduler.get_last_lr()));
    }
    print((base.index(0) as torch.nn.Linear).weight.grad);
    print(String(optimizer.state_dict().param_groups));
    print(new optim.SGD([{ params: base.parameters() }, { params: head.parameters(), lr: 0.5 }], { lr: 0.01 }));
  },

  hooks({ print }) {
    const net = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
    const x = torch.randn(2, 3, { requires_grad: true });
    const seen: unknown[] = [];
    const handles = [...net].map((m, i) =>
      m.register_forward_hook((_module: torch.nn.Module, _args: unknown[], out: unknown) => void (seen[i] = (out as Tensor).shape))
    );
    net.call(x);
    print(seen);
    for (const h of handles) h.remove();
    net.index(0).register_full_backward_hook((_module, gi, go) => print("gradients", gi[0]!.shape, go[0]!.shape));
    const handle = net.index(1).register_full_backward_hook((_module, gi) => [gi[0]!.mul(0)]);
    const out = net.call(x);
    print(out.grad_fn!.name());
    out.sum().backward();
    print(x.grad);
    handle.remove();
    net.register_forward_pre_hook((_module, args) => [(args[0] as Tensor).mul(0)]);
    print(net.call(x));
  },

  attention({ print }) {
    const layer = new nn.TransformerEncoderLayer(8, 2, 16, { dropout: 0, batch_first: true });
    const model = new nn.TransformerEncoder(layer, 2);
    print(model);
    const x = torch.randn(2, 5, 8);
    const mask = nn.Transformer.generate_square_subsequent_mask(5);
    const out = model.call(x, mask);
    print(out.index(0, 0));
    const moved = x.clone();
    moved.index(torch.slice(), -1).add_(1);
    const before = [torch.slice(), torch.slice(null, -1)] as const;
    print(torch.allclose(model.call(moved, mask).index(...before), out.index(...before), { atol: 1e-6 }));
    const [attended, weights] = new nn.MultiheadAttention(8, 2, { batch_first: true }).call(x, x, x);
    print(attended.shape, weights!.index(0, 0));
  },

  second_order({ print }) {
    const net = new nn.Sequential(new nn.Linear(2, 8), new nn.Softplus(), new nn.Linear(8, 1));
    const x = torch.randn(5, 2, { requires_grad: true });
    const [slope] = torch.autograd.grad(net.call(x).sum(), x, { create_graph: true });
    const penalty = slope!.norm({ dim: 1 }).sub(1).pow(2).mean();
    penalty.backward();
    print(penalty);
    for (const [name, p] of net.named_parameters()) print(name, p.grad === null ? null : p.grad.norm());
  },

  containers({ print, raises }) {
    const net = new nn.Sequential(new Map<string, torch.nn.Module>([["first", new nn.Linear(2, 3)], ["act", new nn.ReLU()]]));
    net.append(new nn.Linear(3, 1));
    print(net, net.length, net.index(-1), net.index(torch.slice(null, 2)));
    const plain = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    plain.insert(1, new nn.Tanh());
    print(plain, plain.named_parameters().map(([name]) => name));
    const layers = new nn.ModuleList([0, 1, 2].map(() => new nn.Linear(2, 2)));
    layers.append(new nn.ReLU());
    layers.set(1, new nn.Identity());
    print(layers, layers.length, layers.index(torch.slice(2)));
    const named = new nn.ModuleDict({ a: new nn.ReLU(), b: new nn.Linear(1, 1) });
    named.set("c", new nn.Tanh());
    // Python evaluates all arguments first
    print(named, named.keys(), named.has("b"), named.pop("a"));
    print(new nn.ParameterList([torch.ones(2), torch.zeros(2, 3)]));
    print(new nn.ParameterDict({ w: torch.ones(2) }));
    raises(() => net.index(9));
    raises(() => layers.index(9));
    raises(() => named.get("zz"));
  },

  state({ print }) {
    class Net extends nn.Module {
      layer = new nn.Linear(2, 2);
      declare steps: Tensor;
      declare hidden: Tensor;
      same;

      constructor() {
        super();
        this.register_buffer("steps", torch.zeros(1));
        this.register_buffer("hidden", torch.ones(1), { persistent: false });
        this.same = this.layer;
      }
    }
    const a = new Net(), b = new Net();
    print(a, [...a.state_dict().keys()], a.named_buffers().map(([name]) => name), a.parameters().length);
    print(b.load_state_dict(a.state_dict()));
    print(torch.equal(a.layer.weight, b.layer.weight));
    const wrong: Record<string, Tensor>[] = [{ "layer.weight": torch.ones(2, 2) }, { "layer.weight": torch.ones(3, 2), other: torch.ones(1) }];
    for (const given of wrong) {
      try {
        a.load_state_dict(given);
      } catch (error) {
        print((error as Error).message);
      }
    }
    print(a.load_state_dict({ steps: torch.ones(1) }, { strict: false }));
    print(a.double().layer.weight.dtype, a.steps.dtype, a.float().layer.bias!.dtype);
    print(a.get_submodule("layer"), a.get_parameter("layer.bias").shape, a.get_buffer("steps"));
    const optimizer = new optim.Adam(a.parameters(), { lr: 0.1 });
    a.layer.call(torch.ones(1, 2)).sum().backward();
    optimizer.step();
    print(String(optimizer.state_dict().param_groups), (optimizer.state_dict().state as Map<number, unknown>).size);
    const other = new optim.Adam(b.parameters());
    other.load_state_dict(optimizer.state_dict());
    print(other, other.state.get(b.layer.weight)!.step);
    a.zero_grad({ set_to_none: false });
    print(a.layer.bias!.grad);
    a.zero_grad();
    print(a.layer.bias!.grad);
  },

  packed({ print }) {
    const { rnn } = nn.utils;
    const rows = [2, 4, 3].map((n) => torch.randn(n, 2));
    const padded = rnn.pad_sequence(rows, { batch_first: true });
    print(padded.shape);
    const sequence = rnn.pack_padded_sequence(padded, [2, 4, 3], { batch_first: true, enforce_sorted: false });
    print(sequence);
    const lstm = new nn.LSTM(2, 3, { batch_first: true }),
      gru = new nn.GRU(2, 3, 2, { bidirectional: true }),
      plain = new nn.RNN(2, 3, { nonlinearity: "relu" });
    for (const network of [lstm, gru, plain]) {
      print(network);
      const [out] = network === lstm ? lstm.forward(sequence) : network === gru ? gru.forward(sequence) : plain.forward(sequence);
      const [unpacked, lengths] = rnn.pad_packed_sequence(out, { batch_first: true });
      print(unpacked, lengths);
      unpacked.sum().backward();
      print(network.weight_hh_l0.grad);
    }
    const cell = new nn.GRUCell(2, 3);
    let h = torch.zeros(3, 3);
    for (const step of padded.unbind(1)) h = cell.call(step, h);
    print(h);
  },

  initial({ print }) {
    const { init } = nn;
    for (const fill of [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_, init.trunc_normal_]) {
      print(fill(torch.empty(2, 3)));
    }
    print(init.sparse_(torch.empty(4, 2), 0.5), init.dirac_(torch.empty(2, 1, 3)), init.eye_(torch.empty(2, 2)));
    print(init.calculate_gain("leaky_relu", 0.2), init.calculate_gain("tanh"));
  },
};

const recorded = await readRecording<Record<string, string>>("training.json.gz");

for (const [name, program] of Object.entries(programs)) {
  Deno.test(`training ${name.replaceAll("_", " ")}`, () => assertEquals(run(program), recorded[name]));
}

Deno.test("every recorded training program is here", () => assertEquals(Object.keys(programs), Object.keys(recorded)));
