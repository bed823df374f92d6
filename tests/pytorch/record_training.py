"""Records what training programs of the usual kinds print.

    python3 record_training.py > training.json.gz

tests/training_test.ts has the same programs in TypeScript under the same names. Addresses of objects read 0xADDR.
"""

import contextlib
import gzip
import io
import json
import re
import sys
import warnings
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset, random_split

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


@program
def linear_regression():
    x = torch.linspace(0, 1, 20).unsqueeze(1)
    y = 3 * x - 1
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for epoch in range(40):
        loss = nn.MSELoss()(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 10 == 0:
            print(f"{epoch} {loss.item():.5f}")
    print(model.state_dict())
    print(optimizer)


@program
def exclusive_or():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(2, 4)
            self.output = nn.Linear(4, 1)

        def forward(self, x):
            return torch.sigmoid(self.output(torch.tanh(self.hidden(x))))

    net = Net()
    print(net)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    optimizer = optim.Adam(net.parameters(), lr=0.1)
    for i in range(60):
        optimizer.zero_grad()
        loss = nn.BCELoss()(net(x), y)
        loss.backward()
        optimizer.step()
        if i % 20 == 0:
            print(i, loss)
    print((net(x) > 0.5).float())
    for name, p in net.named_parameters():
        print(name, p.shape, p.requires_grad)


@program
def classifier():
    points = torch.randn(60, 2)
    labels = (points[:, 0] * points[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))
    print(model)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    train, test = random_split(TensorDataset(points, labels), [48, 12])
    loader = DataLoader(train, batch_size=16, shuffle=True)
    for epoch in range(5):
        model.train()
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        scheduler.step()
        print(f"{epoch} {total / len(train):.4f}", scheduler.get_last_lr())
    model.eval()
    with torch.no_grad():
        x, y = next(iter(DataLoader(test, batch_size=12)))
        print((model(x).argmax(1) == y).float().mean())


@program
def convolutional():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
            self.conv2 = nn.Conv2d(4, 8, 3)
            self.pool = nn.MaxPool2d(2, 2)
            self.fc1 = nn.Linear(8, 10)
            self.fc2 = nn.Linear(10, 3)

        def forward(self, x):
            x = self.pool(F.relu(self.conv1(x)))
            x = self.pool(F.relu(self.conv2(x)))
            x = torch.flatten(x, 1)
            return self.fc2(F.relu(self.fc1(x)))

    net = Net()
    print(net)
    images, labels = torch.randn(8, 1, 8, 8), torch.randint(0, 3, (8,))
    optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for step in range(6):
        optimizer.zero_grad()
        out = net(images)
        loss = F.cross_entropy(out, labels)
        loss.backward()
        optimizer.step()
        print(f"{step} {loss.item():.4f}")
    print(net.conv1.bias.grad)
    print(torch.max(net(images), 1).indices)
    print(sum(p.numel() for p in net.parameters()))


@program
def residual():
    class Block(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norm = nn.BatchNorm2d(channels)
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.norm(self.conv(x)) + x)

    net = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ModuleList([Block(4), Block(4)])[1], Block(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    print(net)
    x, y = torch.randn(6, 1, 5, 5), torch.tensor([0, 1, 0, 1, 1, 0])
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)
    for step in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        print(f"{step} {loss.item():.4f} {norm.item():.4f}")
    net.eval()
    print(net(x))
    print(list(net.state_dict().keys()))


@program
def tagger():
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(8, 4)
            self.lstm = nn.LSTM(4, 5)
            self.linear = nn.Linear(5, 3)

        def forward(self, words):
            out, _ = self.lstm(self.embedding(words).view(len(words), 1, -1))
            return F.log_softmax(self.linear(out.view(len(words), -1)), dim=1)

    model = Tagger()
    print(model)
    words, tags = torch.tensor([0, 3, 1, 5, 7]), torch.tensor([0, 1, 2, 0, 1])
    print(model(words))
    optimizer = optim.SGD(model.parameters(), lr=0.3)
    for step in range(30):
        model.zero_grad()
        loss = nn.NLLLoss()(model(words), tags)
        loss.backward()
        optimizer.step()
    print(loss)
    print(model(words).argmax(1))


@program
def adversaries():
    generator = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    critic = nn.Sequential(nn.Linear(1, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    first = optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    second = optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    for step in range(13):
        real, noise = torch.randn(16, 1) * 0.5 + 3, torch.randn(16, 2)
        fake = generator(noise)
        loss = criterion(critic(real), torch.ones(16, 1)) + criterion(critic(fake.detach()), torch.zeros(16, 1))
        second.zero_grad()
        loss.backward()
        second.step()
        other = criterion(critic(fake), torch.ones(16, 1))
        first.zero_grad()
        other.backward()
        first.step()
        if step % 4 == 0:
            print(f"{step} {loss.item():.4f} {other.item():.4f}")


@program
def variational():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode = nn.Linear(6, 4)
            self.mean = nn.Linear(4, 2)
            self.scale = nn.Linear(4, 2)
            self.decode = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 6), nn.Sigmoid())

        def forward(self, x):
            h = F.relu(self.encode(x))
            mean, log = self.mean(h), self.scale(h)
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * log)
            return self.decode(z), mean, log

    model, data = Model(), torch.rand(16, 6)
    optimizer = optim.RMSprop(model.parameters(), lr=5e-3)
    for epoch in range(5):
        out, mean, log = model(data)
        loss = F.binary_cross_entropy(out, data, reduction="sum") - 0.5 * torch.sum(1 + log - mean.pow(2) - log.exp())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"{epoch} {loss.item() / len(data):.4f}")


@program
def fine_tuning():
    base = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
    for p in base.parameters():
        p.requires_grad = False
    model = nn.Sequential(base, nn.Linear(6, 2))
    print([name for name, p in model.named_parameters() if p.requires_grad])
    optimizer = optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
    scheduler = lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    x, y = torch.randn(10, 4), torch.randint(0, 2, (10,))
    for epoch in range(4):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        print(f"{loss.item():.4f}", scheduler.get_last_lr())
    print(base[0].weight.grad)
    print(optimizer.state_dict()["param_groups"])
    groups = optim.SGD([{"params": base.parameters()}, {"params": model[1].parameters(), "lr": 0.5}], lr=0.01)
    print(groups)


@program
def hooks():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = torch.randn(2, 3, requires_grad=True)
    seen = {}
    handles = [m.register_forward_hook(lambda m, args, out, i=i: seen.__setitem__(i, out.shape)) for i, m in enumerate(net)]
    net(x)
    print([seen[i] for i in range(3)])
    for h in handles:
        h.remove()
    net[0].register_full_backward_hook(lambda m, gi, go: print("gradients", gi[0].shape, go[0].shape))
    handle = net[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 0,))
    out = net(x)
    print(out.grad_fn.name())
    out.sum().backward()
    print(x.grad)
    handle.remove()
    net.register_forward_pre_hook(lambda m, args: (args[0] * 0,))
    print(net(x))


@program
def attention():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    model = nn.TransformerEncoder(layer, 2)
    print(model)
    x = torch.randn(2, 5, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    out = model(x, mask)
    print(out[0, 0])
    moved = x.clone()
    moved[:, -1] += 1
    print(torch.allclose(model(moved, mask)[:, :-1], out[:, :-1], atol=1e-6))
    attended, weights = nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)
    print(attended.shape, weights[0, 0])


@program
def second_order():
    net = nn.Sequential(nn.Linear(2, 8), nn.Softplus(), nn.Linear(8, 1))
    x = torch.randn(5, 2, requires_grad=True)
    slope = torch.autograd.grad(net(x).sum(), x, create_graph=True)[0]
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    penalty.backward()
    print(penalty)
    for name, p in net.named_parameters():
        print(name, None if p.grad is None else p.grad.norm())


@program
def containers():
    net = nn.Sequential(OrderedDict([("first", nn.Linear(2, 3)), ("act", nn.ReLU())]))
    net.append(nn.Linear(3, 1))
    print(net, len(net), net[-1], net[:2])
    plain = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    plain.insert(1, nn.Tanh())
    print(plain, [name for name, _ in plain.named_parameters()])
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    layers.append(nn.ReLU())
    layers[1] = nn.Identity()
    print(layers, len(layers), layers[2:])
    named = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Linear(1, 1)})
    named["c"] = nn.Tanh()
    print(named, list(named.keys()), "b" in named, named.pop("a"))
    print(nn.ParameterList([torch.ones(2), torch.zeros(2, 3)]))
    print(nn.ParameterDict({"w": torch.ones(2)}))
    for container, key in ((net, 9), (layers, 9), (named, "zz")):
        try:
            container[key]
        except Exception as error:
            print(f"{type(error).__name__}: {error}")


@program
def state():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)
            self.register_buffer("steps", torch.zeros(1))
            self.register_buffer("hidden", torch.ones(1), persistent=False)
            self.same = self.layer

    a, b = Net(), Net()
    print(a, list(a.state_dict().keys()), [name for name, _ in a.named_buffers()], len(list(a.parameters())))
    print(b.load_state_dict(a.state_dict()))
    print(torch.equal(a.layer.weight, b.layer.weight))
    for given in ({"layer.weight": torch.ones(2, 2)}, {"layer.weight": torch.ones(3, 2), "other": torch.ones(1)}):
        try:
            a.load_state_dict(given)
        except RuntimeError as error:
            print(error)
    print(a.load_state_dict({"steps": torch.ones(1)}, strict=False))
    print(a.double().layer.weight.dtype, a.steps.dtype, a.float().layer.bias.dtype)
    print(a.get_submodule("layer"), a.get_parameter("layer.bias").shape, a.get_buffer("steps"))
    optimizer = optim.Adam(a.parameters(), lr=0.1)
    a.layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    print(optimizer.state_dict()["param_groups"], len(optimizer.state_dict()["state"]))
    other = optim.Adam(b.parameters())
    other.load_state_dict(optimizer.state_dict())
    print(other, other.state[b.layer.weight]["step"])
    a.zero_grad(set_to_none=False)
    print(a.layer.bias.grad)
    a.zero_grad()
    print(a.layer.bias.grad)


@program
def packed():
    rows = [torch.randn(n, 2) for n in (2, 4, 3)]
    padded = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    print(padded.shape)
    sequence = nn.utils.rnn.pack_padded_sequence(padded, [2, 4, 3], batch_first=True, enforce_sorted=False)
    print(sequence)
    for network in (nn.LSTM(2, 3, batch_first=True), nn.GRU(2, 3, 2, bidirectional=True), nn.RNN(2, 3, nonlinearity="relu")):
        print(network)
        out, hidden = network(sequence)
        unpacked, lengths = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
        print(unpacked, lengths)
        unpacked.sum().backward()
        print(network.weight_hh_l0.grad)
    cell = nn.GRUCell(2, 3)
    h = torch.zeros(3, 3)
    for step in padded.unbind(1):
        h = cell(step, h)
    print(h)


@program
def initial():
    for fill in (nn.init.xavier_uniform_, nn.init.xavier_normal_, nn.init.kaiming_uniform_, nn.init.kaiming_normal_, nn.init.orthogonal_, nn.init.trunc_normal_):
        print(fill(torch.empty(2, 3)))
    print(nn.init.sparse_(torch.empty(4, 2), 0.5), nn.init.dirac_(torch.empty(2, 1, 3)), nn.init.eye_(torch.empty(2, 2)))
    print(nn.init.calculate_gain("leaky_relu", 0.2), nn.init.calculate_gain("tanh"))


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    recording = {}
    for name, function in PROGRAMS.items():
        torch.manual_seed(0)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            function()
        recording[name] = re.sub("0x[0-9a-f]{6,}", "0xADDR", out.getvalue())
    sys.stdout.buffer.write(gzip.compress(json.dumps(recording, indent=0).encode(), 9, mtime=0))
    print(len(recording), "programs,", sum(r.count("\n") for r in recording.values()), "lines", file=sys.stderr)


if __name__ == "__main__":
    main()
